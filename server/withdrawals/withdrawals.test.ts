import { enrol } from '../second-factor/testing';
import { KnownAddressEntity } from '../../db/entities/reviews';
import { ADDRESS, testWorld } from '../testing';
import type { TestWorld, Visitor } from '../testing';

const REQUEST = { asset: 'ETH', network: 'ethereum', address: ADDRESS.toLowerCase(), amount: '0.5' };
let world: TestWorld;
let user: Visitor;
let other: Visitor;
let admin: Visitor;

beforeAll(async () => {
  world = await testWorld();
  await world.account('user@example.org', { kycState: 'APPROVED' });
  await world.account('other@example.org', { kycState: 'APPROVED' });
  await world.account('admin@example.org', { role: 'admin', kycState: 'APPROVED' });
  [user, other, admin] = [world.visitor(), world.visitor(), world.visitor()];
  await user.logIn('user@example.org');
  await other.logIn('other@example.org');
  await admin.logIn('admin@example.org');
});
afterAll(async () => {
  expect(world.failures).toEqual([]);
  await world.close();
});

const ask = (who: Visitor, key: string, request: object = REQUEST) =>
  who.send('post', '/withdrawals', request, { 'Idempotency-Key': key });

test('the same request and key is one withdrawal, word for word one command', async () => {
  const answers = [
    await ask(user, 'key-0001'),
    await ask(user, 'key-0001', { ...REQUEST, amount: '0.50' }),
    await ask(user, 'key-0001'),
  ];
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
  expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  expect(answers[0]?.body).toMatchObject({ amount: '0.5', fee: '0.002', address: ADDRESS, state: 'REQUESTED' });
  const commands = world.engine.commands.filter((command) => command.kind === 'withdrawal.request');
  expect(commands).toHaveLength(1);
  expect(commands[0]).toMatchObject({
    withdrawalId: expect.stringMatching(/^wd_/),
    amount: '0.5',
    fee: '0.002',
    address: ADDRESS,
  });
  expect((await ask(user, 'key-0001', { ...REQUEST, amount: '0.6' })).body.error.code).toBe('IDEMPOTENCY_KEY_REUSED');
});

test('the same key of another user is another withdrawal', async () => {
  const mine = await ask(user, 'key-0002');
  const theirs = await ask(other, 'key-0002');
  expect(theirs.status).toBe(201);
  expect(theirs.body.id).not.toBe(mine.body.id);
});

test("another user's withdrawal is not there", async () => {
  const { body } = await ask(user, 'key-0003');
  expect((await other.get(`/withdrawals/${body.id}`)).body.error.code).toBe('NOT_FOUND');
  expect((await other.send('delete', `/withdrawals/${body.id}`)).body.error.code).toBe('NOT_FOUND');
  expect((await other.get('/withdrawals')).body.items.map(({ id }: { id: string }) => id)).not.toContain(body.id);
  expect((await user.get(`/withdrawals/${body.id}`)).body).toEqual(body);
});

const approve = (who: Visitor, id: string, email: string) =>
  who.send('post', `/admin/withdrawals/${id}/approve`, world.approvalBy(email));

test('approved by an admin, who is not its owner', async () => {
  const mine = await ask(user, 'key-0004');
  expect((await approve(admin, mine.body.id, 'admin@example.org')).body).toEqual({
    needed: 0,
    approvedBy: ['admin@example.org'],
  });
  expect((await approve(admin, mine.body.id, 'admin@example.org')).status).toBe(200);
  expect((await user.get(`/withdrawals/${mine.body.id}`)).body.state).toBe('APPROVED');
  expect(world.engine.commands.at(-1)).toMatchObject({
    kind: 'withdrawal.approve',
    reference: `withdrawal:${mine.body.id}:approve:0`,
  });
  expect((await user.send('delete', `/withdrawals/${mine.body.id}`)).body.error.code).toBe('WITHDRAWAL_STATE');
  await world.account('second@example.org', { role: 'admin' });
  const second = world.visitor();
  await second.logIn('second@example.org');
  expect((await approve(second, mine.body.id, 'second@example.org')).body.error.code).toBe('WITHDRAWAL_STATE');
  const own = await ask(admin, 'key-0004');
  expect((await approve(admin, own.body.id, 'admin@example.org')).body.error.code).toBe('SELF_APPROVAL');
  expect((await admin.send('post', `/admin/withdrawals/${own.body.id}/refuse`, { reason: 'x' })).body.error.code).toBe(
    'SELF_APPROVAL',
  );
});

test('four eyes: a large one waits for a second admin, and nobody signs for another', async () => {
  await world.account('eve@example.org', { role: 'admin' });
  const eve = world.visitor();
  await eve.logIn('eve@example.org');
  const { body } = await ask(user, 'key-four', { ...REQUEST, amount: '6' });
  const unknown = await admin.send('post', `/admin/withdrawals/${body.id}/approve`, {
    ...world.approvalBy('admin@example.org'),
    key: 'f'.repeat(32),
  });
  expect(unknown.body.error).toMatchObject({
    code: 'APPROVAL_REFUSED',
    details: { why: 'the signer does not know this key' },
  });
  expect((await approve(admin, body.id, 'eve@example.org')).body.error.code).toBe('APPROVAL_REFUSED');
  expect((await approve(admin, body.id, 'admin@example.org')).body).toEqual({
    needed: 1,
    approvedBy: ['admin@example.org'],
  });
  expect((await approve(admin, body.id, 'admin@example.org')).body).toEqual({
    needed: 1,
    approvedBy: ['admin@example.org'],
  });
  expect((await user.get(`/withdrawals/${body.id}`)).body.state).toBe('REQUESTED');
  const { body: queue } = await eve.get('/admin/withdrawals?state=REQUESTED');
  expect(queue.items.find(({ id }: { id: string }) => id === body.id)).toMatchObject({
    approvedBy: ['admin@example.org'],
    feeCap: '0.04',
    gasAsset: 'ETH',
  });
  expect((await approve(eve, body.id, 'eve@example.org')).body.needed).toBe(0);
  expect((await user.get(`/withdrawals/${body.id}`)).body.state).toBe('APPROVED');
  const { body: log } = await admin.get('/admin/audit-log');
  expect(
    log.items.filter(
      ({ action, subject }: { action: string; subject: string }) => action === 'withdrawal.sign' && subject === body.id,
    ),
  ).toHaveLength(3);
});

test("a key that an admin offers is shown as not enrolled; the same key is nobody else's", async () => {
  const publicKey = Buffer.alloc(91, 7).toString('base64');
  const { status, body } = await admin.send('post', '/admin/approval-keys', { publicKey });
  expect([status, body]).toEqual([
    201,
    expect.objectContaining({ email: 'admin@example.org', enrolled: false, publicKey }),
  ]);
  expect((await admin.send('post', '/admin/approval-keys', { publicKey })).body.id).toBe(body.id);
  const eve = world.visitor();
  await eve.logIn('eve@example.org');
  expect((await eve.send('post', '/admin/approval-keys', { publicKey })).body.error.code).toBe('FORBIDDEN');
  expect((await eve.get('/admin/approval-keys')).body.items).toMatchObject([{ id: body.id }]);
});

test('refused with a reason; canceled by its owner', async () => {
  const refused = await ask(user, 'key-0005');
  expect(
    (await admin.send('post', `/admin/withdrawals/${refused.body.id}/refuse`, { reason: 'Unknown source' })).status,
  ).toBe(200);
  expect(world.engine.commands.at(-1)).toMatchObject({ kind: 'withdrawal.refuse', reason: 'Unknown source' });
  const canceled = await ask(user, 'key-0006');
  expect((await user.send('delete', `/withdrawals/${canceled.body.id}`)).body.state).toBe('CANCELED');
  const { body } = await admin.get('/admin/withdrawals?state=CANCELED');
  expect(body.items).toMatchObject([{ id: canceled.body.id, email: 'user@example.org' }]);
});

describe('what passes, what is looked at, what is refused', () => {
  const DAY = 86_400_000;
  let trusted: Visitor;
  beforeAll(async () => {
    await world.account('trusted@example.org', { kycState: 'APPROVED' });
    trusted = world.visitor();
    await trusted.logIn('trusted@example.org');
  });
  const queue = async (): Promise<Record<string, unknown>[]> =>
    (await admin.get('/admin/withdrawals?limit=100')).body.items;
  const shown = async (withdrawalId: string) => (await queue()).find((one) => one.id === withdrawalId);

  test('to a new address, without a second factor: a person looks, and sees why', async () => {
    const { body } = await ask(trusted, 'key-look1', { ...REQUEST, amount: '0.01' });
    expect(body.state).toBe('REQUESTED');
    expect(await shown(body.id)).toMatchObject({
      reasons: ['NEW_ADDRESS', 'NO_SECOND_FACTOR'],
      value: expect.stringMatching(/^3[56]\./),
    });
    // What was asked for is not known: it was neither paid nor confirmed by its owner.
    expect((await trusted.get('/withdrawal-addresses')).body.items).toEqual([]);
    const since = world.clock.now();
    expect(
      (await trusted.send('post', '/withdrawal-addresses', { network: 'ethereum', address: ADDRESS })).body,
    ).toEqual({ network: 'ethereum', address: ADDRESS, since, trusted: false });
    expect((await trusted.get('/withdrawal-addresses')).body).toEqual({
      items: [{ network: 'ethereum', address: ADDRESS, since, trusted: false }],
      next: null,
      previous: null,
    });
  });

  test('small and trusted it passes by policy, as far as the signer lets it; before and beyond that it does not', async () => {
    const { code } = await enrol(world, trusted);
    const fresh = await ask(trusted, 'key-look2', { ...REQUEST, amount: '0.01', code: code() });
    expect(await shown(fresh.body.id)).toMatchObject({
      state: 'REQUESTED',
      reasons: ['NEW_ADDRESS', 'NEW_SECOND_FACTOR'],
    });
    world.clock.advance(DAY);
    // The signer of this house wants an admin above 0.02; and what is above 50 dollars is not small.
    const passed = await ask(trusted, 'key-look3', { ...REQUEST, amount: '0.01', code: code() });
    expect(passed.body.state).toBe('APPROVED');
    expect(world.engine.commands.at(-1)).toMatchObject({ kind: 'withdrawal.approve', adminId: 'policy' });
    const large = await ask(trusted, 'key-look4', { ...REQUEST, amount: '0.1', code: code() });
    expect(await shown(large.body.id)).toMatchObject({ state: 'REQUESTED', reasons: ['AMOUNT'] });
    for (let nth = 5; nth < 8; nth++)
      await ask(trusted, `key-look${nth}`, { ...REQUEST, amount: '0.01', code: code() });
    const sixth = await ask(trusted, 'key-look8', { ...REQUEST, amount: '0.01', code: code() });
    expect(await shown(sixth.body.id)).toMatchObject({ state: 'REQUESTED', reasons: ['VELOCITY'] });
    await trusted.send('post', '/withdrawal-addresses/forget', { network: 'ethereum', address: ADDRESS.toLowerCase() });
    const forgotten = await ask(trusted, 'key-look9', { ...REQUEST, amount: '0.01', code: code() });
    expect(await shown(forgotten.body.id)).toMatchObject({ reasons: ['NEW_ADDRESS', 'VELOCITY'] });
  });

  test('the day has a limit by tier, also for fifty at once; what was taken back gives it back; another tier has another', async () => {
    const userId = await world.account('limits@example.org', { kycState: 'APPROVED' });
    const rich = world.visitor();
    await rich.logIn('limits@example.org');
    // 3000 dollars each, of 50,000 a day: sixteen fit.
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, nth) => ask(rich, `key-rich-${nth}`, { ...REQUEST, amount: '1' })),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect(made).toHaveLength(16);
    const refused = answers.find(({ status }) => status !== 201)?.body.error;
    expect(refused).toMatchObject({ code: 'WITHDRAWAL_LIMIT', details: { tier: 1, perDay: '50000', quote: 'USDT' } });
    expect((await rich.get('/withdrawal-limits')).body).toMatchObject({
      tier: 1,
      quote: 'USDT',
      perDay: '50000',
      left: refused.details.left,
    });
    await rich.send('delete', `/withdrawals/${made[0]?.body.id}`);
    expect((await ask(rich, 'key-rich-again', { ...REQUEST, amount: '1' })).status).toBe(201);
    expect((await ask(rich, 'key-rich-more', { ...REQUEST, amount: '1' })).status).toBe(409);
    const higher = (who: Visitor) => who.send('post', `/admin/users/${userId}/tier`, { tier: 2, why: 'sold a house' });
    expect((await higher(admin)).body).toMatchObject({ tier: 1, waiting: { tier: 2 } });
    expect((await ask(rich, 'key-rich-more', { ...REQUEST, amount: '1' })).status).toBe(409);
    await world.account('second@example.org', { role: 'admin', kycState: 'APPROVED' });
    const second = world.visitor();
    await second.logIn('second@example.org');
    expect((await higher(second)).body).toEqual({ tier: 2, waiting: null });
    expect((await ask(rich, 'key-rich-more', { ...REQUEST, amount: '1' })).status).toBe(201);
    expect((await admin.get('/admin/audit-log')).body.items).toContainEqual(
      expect.objectContaining({
        action: 'user.tier',
        subject: userId,
        details: expect.objectContaining({ before: 1, tier: 2 }),
      }),
    );
    world.clock.advance(DAY);
    expect((await rich.get('/withdrawal-limits')).body).toEqual({
      tier: 2,
      quote: 'USDT',
      perDay: '1000000',
      left: '1000000',
    });
  });

  test('to one of our own users it is judged as any other, and counts towards the day', async () => {
    await world.account('giver@example.org', { kycState: 'APPROVED' });
    const giver = world.visitor();
    await giver.logIn('giver@example.org');
    const { body } = await ask(giver, 'key-inside', { ...REQUEST, address: world.insideAddress, amount: '1' });
    expect(body.state).toBe('REQUESTED');
    expect((await giver.get('/withdrawal-limits')).body.left).toBe('46994.0501');
    expect(
      (await ask(giver, 'key-inside-2', { ...REQUEST, address: world.insideAddress, amount: '30' })).body.error.code,
    ).toBe('WITHDRAWAL_LIMIT');
    const { items } = (await admin.get('/admin/withdrawals?state=REQUESTED&limit=100')).body as {
      items: { id: string; reasons: string[] }[];
    };
    expect(items.find(({ id }) => id === body.id)?.reasons).toEqual(['AMOUNT', 'NEW_ADDRESS', 'NO_SECOND_FACTOR']);
  });

  test('E27 a memo where no network knows one is refused, not dropped', async () => {
    expect((await ask(other, 'key-memo', { ...REQUEST, memo: '1234' })).body.error.code).toBe('MEMO_NOT_SUPPORTED');
  });
});

describe('whom coins go to', () => {
  const DAY = 86_400_000;
  let owner: Visitor;
  let ownerId: string;
  beforeAll(async () => {
    ownerId = await world.account('owner@example.org', { kycState: 'APPROVED' });
    owner = world.visitor();
    await owner.logIn('owner@example.org');
  });
  const book = async (): Promise<object[]> => (await owner.get('/withdrawal-addresses')).body.items;
  const forget = (address: string) =>
    owner.send('post', '/withdrawal-addresses/forget', { network: 'ethereum', address });
  const reasons = async (id: string) =>
    ((await admin.get('/admin/withdrawals?limit=100')).body.items as { id: string; reasons: string[] }[]).find(
      (one) => one.id === id,
    )?.reasons;

  test('an address that a refused or cancelled withdrawal named is no more trusted a day later than before', async () => {
    const canceled = await ask(owner, 'key-trust1');
    await owner.send('delete', `/withdrawals/${canceled.body.id}`);
    const refused = await ask(owner, 'key-trust2');
    await admin.send('post', `/admin/withdrawals/${refused.body.id}/refuse`, { reason: 'stolen' });
    world.clock.advance(DAY);
    expect(await book()).toEqual([]);
    expect(await reasons((await ask(owner, 'key-trust3')).body.id)).toContain('NEW_ADDRESS');
  });

  test('a refusal takes out what the owner had confirmed', async () => {
    await owner.send('post', '/withdrawal-addresses', { network: 'ethereum', address: ADDRESS });
    world.clock.advance(DAY);
    const { body } = await ask(owner, 'key-trust4');
    expect(await reasons(body.id)).not.toContain('NEW_ADDRESS');
    await admin.send('post', `/admin/withdrawals/${body.id}/refuse`, { reason: 'stolen' });
    expect(await book()).toEqual([]);
    expect(await reasons((await ask(owner, 'key-trust5')).body.id)).toContain('NEW_ADDRESS');
  });

  test.each([
    ['in small letters', ADDRESS.toLowerCase()],
    ['with marks that nobody sees', `\u200b${ADDRESS}\u2060\n`],
    ['as a link', `ethereum:${ADDRESS}@31337`],
  ])('forgotten in another spelling: %s', async (_what, text) => {
    await owner.send('post', '/withdrawal-addresses', { network: 'ethereum', address: ADDRESS });
    expect((await forget(text)).status).toBe(200);
    expect(await book()).toEqual([]);
  });

  test.each(['é', ADDRESS, '0x1234', 'آدرس'])('what is not in the book is not forgotten: %s', async (text) => {
    expect((await forget(text)).body.error).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('one that would be refused now is forgotten as it stands', async () => {
    await world.dataSource
      .getRepository(KnownAddressEntity)
      .insert({ userId: ownerId, network: 'ethereum', address: 'written-before', since: 1 });
    expect((await forget('written-before')).status).toBe(200);
  });

  test.each([
    ['marks around', `\ufeff ${ADDRESS}\u200f`, 201],
    ['a link', `ethereum:${ADDRESS}`, 201],
    ['a link of this chain', `ethereum:pay-${ADDRESS}@31337?value=1e17`, 201],
    ['a link of another chain', `ethereum:${ADDRESS}@1`, 'BAD_ADDRESS'],
    ["a link for a token's payment", `ethereum:${ADDRESS}/transfer?address=${ADDRESS}&uint256=1`, 'BAD_ADDRESS'],
    ["Bitcoin's link", 'bitcoin:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 'BAD_ADDRESS'],
    ['a link that asks for more', `ethereum:${ADDRESS}/approve`, 'BAD_ADDRESS'],
  ])('pasted: %s', async (what, address, outcome) => {
    const { status, body } = await ask(owner, `key-paste-${what.length}`, { ...REQUEST, address });
    expect(outcome === 201 ? [status, body.address] : body.error.code).toEqual(
      outcome === 201 ? [201, ADDRESS] : outcome,
    );
  });

  test("a link for a token's payment names the receiver, not the contract", async () => {
    const { status, body } = await ask(owner, 'key-token1', {
      ...REQUEST,
      asset: 'USDT',
      amount: '20',
      address: `ethereum:${ADDRESS}@31337/transfer?address=${ADDRESS}&uint256=20e6`,
    });
    expect([status, body.address]).toEqual([201, ADDRESS]);
  });
});

describe('while prices are away', () => {
  const HOUR = 3_600_000;
  let holder: Visitor;
  const real = async () => (await world.market.tickers())[0];
  beforeAll(async () => {
    await world.account('holder@example.org', { kycState: 'APPROVED' });
    holder = world.visitor();
    await holder.logIn('holder@example.org');
  });
  /** The market says no bid, or one that is so old. */
  async function whileAway<T>(ageMs: number | null, work: () => Promise<T>): Promise<T> {
    const { tickers } = world.market;
    const one = await real();
    Object.assign(world.market, {
      tickers: async () => (one ? [{ ...one, bid: ageMs === null ? '0' : one.bid, ageMs: ageMs ?? 0 }] : []),
    });
    try {
      return await work();
    } finally {
      Object.assign(world.market, { tickers });
    }
  }
  const left = async (): Promise<number> => Number((await holder.get('/withdrawal-limits')).body.left);

  test('the last one that was known counts, and a person looks; without one of the day it is refused', async () => {
    const at = world.clock.now();
    await world.owner.query("REPLACE INTO last_prices (asset, price, at) VALUES ('ETH', '2000', ?)", [at - HOUR]);
    const before = await left();
    await whileAway(null, async () => {
      const { status, body } = await ask(holder, 'key-away1', { ...REQUEST, amount: '1' });
      expect([status, body.state]).toEqual([201, 'REQUESTED']);
    });
    expect(before - (await left())).toBe(2004);
    // The older of the two: the market's own, of two hours ago.
    await whileAway(2 * HOUR, () => ask(holder, 'key-away2', { ...REQUEST, amount: '1' }));
    expect(before - (await left())).toBe(4008);
    const queue = (await admin.get('/admin/withdrawals?state=REQUESTED&limit=100')).body.items as {
      value: string;
      reasons: string[];
    }[];
    expect(queue.filter(({ reasons }) => reasons.includes('NO_PRICE')).map(({ value }) => value)).toEqual([
      '2004',
      '2004',
    ]);
    await world.owner.query("UPDATE last_prices SET at = ? WHERE asset = 'ETH'", [at - 25 * HOUR]);
    for (const age of [null, 25 * HOUR]) {
      const { status, body } = await whileAway(age, () => ask(holder, 'key-away3', { ...REQUEST, amount: '1' }));
      expect([status, body.error.code]).toEqual([503, 'NO_PRICE']);
    }
    expect((await ask(holder, 'key-away3', { ...REQUEST, amount: '1' })).status).toBe(201);
  });

  test('more than the day by the last price is refused', async () => {
    await world.owner.query("REPLACE INTO last_prices (asset, price, at) VALUES ('ETH', '2000', ?)", [
      world.clock.now() - HOUR,
    ]);
    const { body } = await whileAway(null, () => ask(holder, 'key-away4', { ...REQUEST, amount: '40' }));
    expect(body.error.code).toBe('WITHDRAWAL_LIMIT');
  });
});

test('limits of an identity that nobody has approved: nothing, wherever they are shown', async () => {
  await world.account('nobody@example.org');
  const nobody = world.visitor();
  await nobody.logIn('nobody@example.org');
  expect((await nobody.get('/withdrawal-limits')).body).toEqual({ tier: 0, quote: 'USDT', perDay: '0', left: '0' });
  expect((await nobody.get('/tier')).body).toMatchObject({ tier: 0, perDay: '0', left: '0' });
});

test.each([
  ['unknown asset', { asset: 'DOGE' }, 'UNKNOWN_ASSET'],
  ['unknown network', { network: 'tron' }, 'UNKNOWN_NETWORK'],
  ['bad address', { address: '0x1234' }, 'BAD_ADDRESS'],
  ['below the minimum', { amount: '0.001' }, 'AMOUNT_TOO_SMALL'],
  ['nothing', { amount: '0' }, 'AMOUNT_TOO_SMALL'],
  ['too many decimals', { amount: '0.123456789' }, 'BAD_AMOUNT'],
  ['own fee', { fee: '0' }, 'BAD_REQUEST'],
  ['for another', { userId: 'other' }, 'BAD_REQUEST'],
  ['already approved', { state: 'APPROVED' }, 'BAD_REQUEST'],
])('refused: %s', async (_what, change, code) => {
  const before = world.engine.commands.length;
  expect((await ask(user, 'key-bad1', { ...REQUEST, ...change })).body.error.code).toBe(code);
  expect(world.engine.commands).toHaveLength(before);
});

const NOT_AMOUNTS: unknown[] = [
  '1e-9',
  '1E400',
  '0x10',
  '',
  ' 12 ',
  '-0',
  '-1',
  '+1',
  'NaN',
  'Infinity',
  '.5',
  '5.',
  '01',
  '1_000',
  '1,5',
  '١٢',
  '１２',
  '𝟙',
  '1\u200b',
  null,
  [],
  ['1'],
  {},
  true,
  1,
  0.1,
  1e40,
  '1'.repeat(40),
  `0.${'1'.repeat(19)}`,
  '1\n',
  '1;DROP TABLE users',
  '1.0.0',
  '1 000',
  '0b1',
  '½',
  '1e1',
  '--1',
  '1-',
  '\u0000',
  '1\u0000',
];
test.each(NOT_AMOUNTS.map((amount) => [amount]))('not an amount: %j', async (amount) => {
  const before = world.engine.commands.length;
  const { status, body } = await ask(user, 'key-bad2', { ...REQUEST, amount });
  expect(status).toBe(400);
  expect(['BAD_AMOUNT', 'BAD_REQUEST']).toContain(body.error.code);
  expect(world.engine.commands).toHaveLength(before);
});

test.each([
  ['none', {}],
  ['short', { 'Idempotency-Key': 'x' }],
  ['strange', { 'Idempotency-Key': 'key 0001; x' }],
])('the key is needed: %s', async (_what, headers) => {
  expect((await user.send('post', '/withdrawals', REQUEST, headers as Record<string, string>)).body.error.code).toBe(
    'IDEMPOTENCY_KEY_REQUIRED',
  );
});

test('many users at once: nobody waits for a connection that another one waits for', async () => {
  const names = Array.from({ length: 12 }, (_, at) => `crowd${at}@example.org`);
  const crowd = await Promise.all(
    names.map(async (name) => {
      await world.account(name, { kycState: 'APPROVED' });
      const visitor = world.visitor();
      await visitor.logIn(name);
      return visitor;
    }),
  );
  const answers = await Promise.all(crowd.map((visitor) => ask(visitor, 'key-crowd')));
  expect(answers.map(({ status }) => status)).toEqual(names.map(() => 201));
});

describe('a row that somebody changed in the database', () => {
  const THIEF = '0x00000000000000000000000000000000000000fF';
  const seen = async (id: string): Promise<Record<string, unknown>> =>
    ((await admin.get('/admin/withdrawals?state=REQUESTED&limit=100')).body.items as { id: string }[]).find(
      (item) => item.id === id,
    ) ?? {};
  const change = (id: string, set: string, ...values: unknown[]): Promise<unknown> =>
    world.owner.query(`UPDATE withdrawals SET ${set} WHERE id = ?`, [...values, id]);

  test('an admin is shown what was asked for, and which column is another; the approval is refused, and operators are told', async () => {
    const told: unknown[] = [];
    const off = world.events.on(
      'alert',
      ({ code, details }) => void told.push([code, details?.withdrawalId, details?.columns]),
    );
    const { body } = await ask(user, 'key-changed-1');
    await change(body.id, "address = ?, amount = '4'", THIEF);
    expect(await seen(body.id)).toMatchObject({ address: ADDRESS, amount: '0.5', changed: ['address', 'amount'] });
    const signed = await admin.send(
      'post',
      `/admin/withdrawals/${body.id}/approve`,
      world.approvalBy('admin@example.org'),
    );
    expect([signed.status, signed.body.error]).toMatchObject([
      409,
      { code: 'WITHDRAWAL_CHANGED', details: { columns: ['address', 'amount'] } },
    ]);
    expect(told).toContainEqual(['WITHDRAWAL_CHANGED', body.id, ['address', 'amount']]);
    expect(
      await world.dataSource.query('SELECT 1 FROM withdrawal_approvals WHERE withdrawal_id = ?', [body.id]),
    ).toEqual([]);
    expect(
      world.engine.commands.some(
        (command) => command.kind === 'withdrawal.approve' && command.withdrawalId === body.id,
      ),
    ).toBe(false);
    // It can be refused all the same, and put right it can be approved.
    await change(body.id, "address = ?, amount = '0.5'", ADDRESS);
    expect(await seen(body.id)).toMatchObject({ changed: [] });
    expect(
      (await admin.send('post', `/admin/withdrawals/${body.id}/approve`, world.approvalBy('admin@example.org'))).body
        .needed,
    ).toBe(0);
    expect(world.engine.commands.at(-1)).toMatchObject({
      kind: 'withdrawal.approve',
      seen: { network: 'ethereum', asset: 'ETH', address: ADDRESS, amount: '0.5' },
    });
    off();
  });

  test('one that nobody asked for is not signed', async () => {
    await world.dataSource.query(
      `INSERT INTO withdrawals (id, user_id, asset, network, address, amount, fee, pull_back_fee, state, attempt, confirmations, created_at, updated_at) VALUES ('wd_made_up', 'nobody', 'ETH', 'ethereum', ?, '1', '0', '0', 'REQUESTED', 0, 0, 1, 1)`,
      [THIEF],
    );
    expect(await seen('wd_made_up')).toMatchObject({ changed: ['id'] });
    expect(
      (await admin.send('post', '/admin/withdrawals/wd_made_up/approve', world.approvalBy('admin@example.org'))).body
        .error.code,
    ).toBe('WITHDRAWAL_STATE');
    expect(
      await world.dataSource.query("SELECT 1 FROM withdrawal_approvals WHERE withdrawal_id = 'wd_made_up'"),
    ).toEqual([]);
  });
});
