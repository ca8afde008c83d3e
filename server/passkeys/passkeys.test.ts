import type {
  Confirmation,
  ConfirmationWanted,
  PasskeyOffer,
  PasskeyOptions,
} from '../../domain/contract/api/passkeys';
import { DomainError } from '../../domain/contract/errors';
import type { Command } from '../../domain/contract/commands';
import { TestPasskey } from '../../domain/lifecycle/testing';
import { enrol } from '../second-factor/testing';
import { ADDRESS, PASSWORD, testWorld } from '../testing';
import type { TestWorld, Visitor } from '../testing';

const ORIGIN = 'http://localhost';
let world: TestWorld;
let user: Visitor;
let email: string;
let n = 0;
beforeAll(async () => {
  world = await testWorld({ limits: { login: 1000 } });
});
afterAll(async () => {
  expect(world.failures).toEqual([]);
  await world.close();
});
beforeEach(async () => {
  world.userKeys.fail = undefined;
  email = `passkeys${++n}@example.org`;
  await world.account(email, { kycState: 'APPROVED' });
  user = world.visitor();
  await user.logIn(email);
});

interface Refusal {
  readonly code: string;
  readonly details: ConfirmationWanted & { passkey?: PasskeyOffer; code?: boolean; why?: string; until?: number };
}
const refusalOf = ({ body: { error } }: { body: { error?: Partial<Refusal> } }): Refusal => ({
  code: 'NONE',
  ...error,
  details: error?.details ?? { rpId: '', credentials: [] },
});
const codeOf = (answer: { body: { error?: Refusal } }): string => refusalOf(answer).code;

const begin = (who = user, proof: object = { password: PASSWORD }) => who.send('post', '/passkeys/options', proof);
const addTo = async (
  passkey: TestPasskey,
  { who = user, by, label = 'a phone' }: { who?: Visitor; by?: TestPasskey; label?: string } = {},
) => {
  const { challenge } = (await begin(who)).body as PasskeyOptions;
  const body = { label, ...passkey.register(challenge), transports: ['internal'] };
  const first = await who.send('post', '/passkeys', body);
  const { change } = refusalOf(first).details;
  return by && change ? who.send('post', '/passkeys', { ...body, confirmation: by.confirmChange(change) }) : first;
};
/** A passkey of the user that is logged in. */
const added = async (): Promise<TestPasskey> => {
  const passkey = new TestPasskey(ORIGIN);
  expect((await addTo(passkey)).status).toBe(201);
  return passkey;
};
const WISH = { asset: 'ETH', network: 'ethereum', address: ADDRESS.toLowerCase(), amount: '0.50' };
const ask = (more: object = {}, key = `key-${++n}-passkeys`) =>
  user.send('post', '/withdrawals', { ...WISH, ...more }, { 'Idempotency-Key': key });
const idOf = async (): Promise<string> =>
  ((await user.get('/passkeys')).body as { items: { id: string }[] }).items[0]?.id ?? '';
const requests = (): Extract<Command, { kind: 'withdrawal.request' }>[] =>
  world.engine.commands.filter((command) => command.kind === 'withdrawal.request');

test('added after the password, listed, renamed; the signer knows it; all other log-ins end, and a letter is written', async () => {
  const other = world.visitor();
  await other.logIn(email);
  expect(codeOf(await begin(user, {}))).toBe('BAD_CREDENTIALS');
  expect(codeOf(await begin(user, { password: 'not the password' }))).toBe('BAD_CREDENTIALS');
  const options = (await begin()).body as PasskeyOptions;
  expect(options).toMatchObject({
    rp: { id: 'localhost' },
    excludeCredentials: [],
    authenticatorSelection: { userVerification: 'required' },
    attestation: 'none',
  });
  const passkey = await added();
  expect(world.userKeys.told.at(-1)).toMatchObject({
    change: 'add',
    credentialId: passkey.credentialId,
    publicKey: passkey.publicKey,
  });
  expect((await user.get('/passkeys')).body).toMatchObject({
    origin: ORIGIN,
    items: [{ label: 'a phone', lastUsedAt: null }],
  });
  expect((await other.get('/session')).body.user).toBeNull();
  expect((await user.get('/session')).body.user).toMatchObject({ email });
  const id = await idOf();
  expect((await user.send('post', `/passkeys/${id}`, { label: ' my  phone ' })).body).toMatchObject({
    id,
    label: 'my  phone',
  });
  expect(codeOf(await user.send('post', `/passkeys/${id}`, { label: '' }))).toBe('BAD_REQUEST');
  const stranger = world.visitor();
  await stranger.logIn(await world.opened(`stranger${n}@example.org`));
  expect(codeOf(await stranger.send('post', `/passkeys/${id}`, { label: 'mine' }))).toBe('NOT_FOUND');
  expect(codeOf(await stranger.send('post', `/passkeys/${id}/remove`, {}))).toBe('NOT_FOUND');
  const letters = await world.letters(email, 2);
  expect(JSON.stringify(letters)).toContain('A passkey was added');
});

test.each<[string, (passkey: TestPasskey, challenge: string) => object]>([
  ['of another page', (_passkey, challenge) => new TestPasskey('http://thief.example').register(challenge)],
  [
    'for a challenge that is not ours',
    (passkey) => passkey.register(Buffer.from('aaaa.99999999999999.bbbb').toString('base64url')),
  ],
  [
    'with bytes that cannot be read',
    (passkey, challenge) => ({ ...passkey.register(challenge), attestationObject: 'AAAA' }),
  ],
  [
    'with words that cannot be read',
    (passkey, challenge) => ({ ...passkey.register(challenge), clientDataJSON: 'AAAA' }),
  ],
  [
    'under the name of another credential',
    (passkey, challenge) => ({ ...passkey.register(challenge), credentialId: new TestPasskey(ORIGIN).credentialId }),
  ],
])('a registration %s is refused, and nothing is kept', async (_what, made) => {
  const { challenge } = (await begin()).body as PasskeyOptions;
  expect(
    codeOf(await user.send('post', '/passkeys', { label: 'x', ...made(new TestPasskey(ORIGIN), challenge) })),
  ).toBe('PASSKEY_STATE');
  expect((await user.get('/passkeys')).body.items).toEqual([]);
});

test("a challenge is its own user's, good once, and for five minutes", async () => {
  const { challenge } = (await begin()).body as PasskeyOptions;
  const stranger = world.visitor();
  await stranger.logIn(await world.opened(`stranger${++n}@example.org`));
  expect(
    codeOf(await stranger.send('post', '/passkeys', { label: 'x', ...new TestPasskey(ORIGIN).register(challenge) })),
  ).toBe('PASSKEY_STATE');
  const passkey = new TestPasskey(ORIGIN);
  const body = { label: 'x', ...passkey.register(challenge) };
  const answers = await Promise.all([1, 2, 3].map(() => user.send('post', '/passkeys', body)));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect((await user.get('/passkeys')).body.items).toHaveLength(1);
  const late = (await begin(stranger)).body as PasskeyOptions;
  world.clock.advance(300_001);
  expect(
    codeOf(
      await stranger.send('post', '/passkeys', { label: 'x', ...new TestPasskey(ORIGIN).register(late.challenge) }),
    ),
  ).toBe('PASSKEY_STATE');
});

test('a further one takes the word of one of them, over exactly that; a credential belongs to one account', async () => {
  const first = await added();
  const [second, thief] = [new TestPasskey(ORIGIN), new TestPasskey(ORIGIN)];
  const asked = await addTo(second);
  expect(refusalOf(asked)).toMatchObject({
    code: 'CONFIRMATION_REQUIRED',
    details: {
      rpId: 'localhost',
      credentials: [{ id: first.credentialId, transports: ['internal'] }],
      change: { change: 'add', credentialId: second.credentialId, publicKey: second.publicKey },
    },
  });
  expect(codeOf(await addTo(second, { by: thief }))).toBe('CONFIRMATION_REFUSED');
  const { challenge } = (await begin()).body as PasskeyOptions;
  const { change } = refusalOf(asked).details;
  if (!change) throw new Error('nothing to confirm');
  expect(
    codeOf(
      await user.send('post', '/passkeys', {
        label: 'x',
        ...thief.register(challenge),
        confirmation: first.confirmChange(change),
      }),
    ),
  ).toBe('CONFIRMATION_REFUSED');
  expect((await addTo(second, { by: first })).status).toBe(201);
  const stranger = world.visitor();
  await stranger.logIn(await world.opened(`stranger${++n}@example.org`));
  expect(codeOf(await addTo(second, { who: stranger }))).toBe('PASSKEY_STATE');
});

test('while the signer is away it is kept and told later; what the signer refuses is gone again', async () => {
  world.userKeys.fail = new Error('away');
  expect(codeOf(await addTo(new TestPasskey(ORIGIN)))).toBe('BUSY');
  expect((await user.get('/passkeys')).body.items).toHaveLength(1);
  // Until then no further one: the signer could not know whose word to take for it.
  expect(codeOf(await begin())).toBe('BUSY');
  const told = world.userKeys.told.length;
  world.userKeys.fail = undefined;
  world.clock.advance(3_600_000);
  for (const _time of [1, 2]) expect((await user.get('/passkeys')).body.items).toHaveLength(1);
  expect(world.userKeys.told).toHaveLength(told + 1);
  expect(world.userKeys.told.at(-1)).toMatchObject({ change: 'add', expiresAt: world.clock.now() + 600_000 });
  const other = world.visitor();
  await other.logIn(await world.opened(`other${++n}@example.org`));
  world.userKeys.fail = new DomainError('CONFIRMATION_REFUSED', { signer: 'no' });
  expect(codeOf(await addTo(new TestPasskey(ORIGIN), { who: other }))).toBe('CONFIRMATION_REFUSED');
  expect((await other.get('/passkeys')).body.items).toEqual([]);
  expect(world.userKeys.told).toHaveLength(told + 1);
});

test('a row that the server did not write is never told to the signer', async () => {
  world.userKeys.fail = new Error('away');
  const [mine, theirs] = [new TestPasskey(ORIGIN), new TestPasskey(ORIGIN)];
  await addTo(mine);
  await world.owner.query(
    'UPDATE passkeys SET untold = REPLACE(untold, ?, ?), credential_id = ? WHERE credential_id = ?',
    [mine.credentialId, theirs.credentialId, theirs.credentialId, mine.credentialId],
  );
  world.userKeys.fail = undefined;
  const told = world.userKeys.told.length;
  await user.get('/passkeys');
  expect(world.userKeys.told).toHaveLength(told);
});

test('it is a second factor: at the log-in after the password, and wherever one is asked for; each answer once, and of its owner alone', async () => {
  const passkey = await added();
  const again = world.visitor();
  const logIn = (more: object = {}) => again.agent.post('/api/session').send({ email, password: PASSWORD, ...more });
  const refused = refusalOf(await logIn());
  expect(refused).toMatchObject({
    code: 'SECOND_FACTOR_REQUIRED',
    details: { code: false, passkey: { rpId: 'localhost', credentials: [{ id: passkey.credentialId }] } },
  });
  const challenge = refused.details.passkey?.challenge ?? '';
  expect(codeOf(await logIn({ code: '123456' }))).toBe('SECOND_FACTOR_REQUIRED');
  for (const wrong of [
    new TestPasskey(ORIGIN).assert(challenge),
    passkey.assert('AAAA'),
    passkey.assert(challenge, { origin: 'http://thief.example' }),
    passkey.assert(challenge, { rpId: 'thief.example' }),
    passkey.assert(challenge, { flags: 0x01 }),
    passkey.assert(challenge, { flags: 0x04 }),
    passkey.assert(challenge, { type: 'webauthn.create' }),
  ]) {
    expect(codeOf(await logIn({ passkey: wrong }))).toBe('SECOND_FACTOR_WRONG');
  }
  const answer = passkey.assert(challenge);
  expect((await logIn({ passkey: answer })).body.user).toMatchObject({ email });
  expect(codeOf(await logIn({ passkey: answer }))).toBe('SECOND_FACTOR_WRONG');
  // In a session: a password is changed with it, and not by the answer to somebody else's challenge.
  const change = (more: object = {}) =>
    user.send('post', '/account/password', { current: PASSWORD, next: 'another long enough password', ...more });
  const offer = refusalOf(await change()).details.passkey?.challenge ?? '';
  expect((await change({ passkey: passkey.assert(offer) })).status).toBe(200);
  expect((await user.get('/second-factor')).body).toMatchObject({ enabled: false });
});

test('beside an authenticator either of the two will do at the log-in', async () => {
  const { code } = await enrol(world, user);
  const { challenge } = (await begin(user, { code: code() })).body as PasskeyOptions;
  const passkey = new TestPasskey(ORIGIN);
  expect((await user.send('post', '/passkeys', { label: 'x', ...passkey.register(challenge) })).status).toBe(201);
  const logIn = (more: object = {}) =>
    world
      .visitor()
      .agent.post('/api/session')
      .send({ email, password: PASSWORD, ...more });
  const { details } = refusalOf(await logIn());
  expect(details.code).toBe(true);
  expect((await logIn({ code: code() })).status).toBe(200);
  expect((await logIn({ passkey: passkey.assert(details.passkey?.challenge ?? '') })).status).toBe(200);
});

test('without the factor that there is none is begun: the code where there is an authenticator, and not the password', async () => {
  const { code } = await enrol(world, user);
  expect(codeOf(await begin())).toBe('SECOND_FACTOR_REQUIRED');
  expect(codeOf(await begin(user, { code: '000000' }))).toBe('SECOND_FACTOR_WRONG');
  expect((await begin(user, { code: code() })).status).toBe(200);
});

test('a withdrawal is confirmed over what is paid: the record has it, sent again it is the same, and one of another payment is refused', async () => {
  const passkey = await added();
  const key = `key-${++n}-passkeys`;
  const asked = refusalOf(await ask({}, key));
  const payment = asked.details.payment;
  if (!payment) throw new Error('nothing to confirm');
  expect(asked.code).toBe('CONFIRMATION_REQUIRED');
  // The address in its one spelling, and the amount in its shortest.
  expect(payment).toMatchObject({
    network: 'ethereum',
    asset: 'ETH',
    to: ADDRESS,
    memo: null,
    amount: '0.5',
    expiresAt: world.clock.now() + 600_000,
  });
  const confirmation = passkey.confirm(payment);
  const others: Confirmation[] = [
    passkey.confirm({ ...payment, amount: '0.6' }),
    passkey.confirm({ ...payment, to: world.insideAddress }),
    passkey.confirm({ ...payment, withdrawalId: 'wd_other' }),
    passkey.confirm({ ...payment, userId: 'other' }),
    new TestPasskey(ORIGIN).confirm(payment),
    { ...confirmation, expiresAt: payment.expiresAt - 1 },
    passkey.confirm({ ...payment, expiresAt: payment.expiresAt + 1 }),
  ];
  for (const wrong of others) expect(codeOf(await ask({ confirmation: wrong }, key))).toBe('CONFIRMATION_REFUSED');
  expect(codeOf(await ask({ confirmation }))).toBe('CONFIRMATION_REFUSED');
  expect(codeOf(await ask({ confirmation, amount: '0.6' }, key))).toBe('CONFIRMATION_REFUSED');
  expect(requests().some(({ withdrawalId }) => withdrawalId === payment.withdrawalId)).toBe(false);
  const fresh = passkey.confirm(payment);
  const made = await ask({ confirmation: fresh }, key);
  expect(made).toMatchObject({ status: 201, body: { id: payment.withdrawalId, amount: '0.5', address: ADDRESS } });
  expect(requests().find(({ withdrawalId }) => withdrawalId === payment.withdrawalId)).toMatchObject({
    confirmation: fresh,
  });
  expect((await ask({ confirmation: fresh }, key)).body).toEqual(made.body);
  expect((await ask({}, key)).body).toEqual(made.body);
  expect(codeOf(await ask({ confirmation: fresh }))).toBe('CONFIRMATION_REFUSED');
});

test('a confirmation is taken for ten minutes; who has no passkey sends none, and needs none', async () => {
  expect((await ask()).status).toBe(201);
  await user.send('delete', `/withdrawals/${requests().at(-1)?.withdrawalId}`);
  const passkey = await added();
  const key = `key-${++n}-passkeys`;
  const payment = refusalOf(await ask({}, key)).details.payment;
  if (!payment) throw new Error('nothing to confirm');
  world.clock.advance(600_000);
  expect(codeOf(await ask({ confirmation: passkey.confirm(payment) }, key))).toBe('CONFIRMATION_REFUSED');
});

test('the first passkey waits for the withdrawals of before; one that comes between is noticed behind the lock', async () => {
  expect((await ask()).status).toBe(201);
  expect(codeOf(await addTo(new TestPasskey(ORIGIN)))).toBe('WITHDRAWALS_OPEN');
  await user.send('delete', `/withdrawals/${requests().at(-1)?.withdrawalId}`);
  const passkey = new TestPasskey(ORIGIN);
  const { challenge } = (await begin()).body as PasskeyOptions;
  const [asked, made] = await Promise.all([
    ask(),
    user.send('post', '/passkeys', { label: 'x', ...passkey.register(challenge) }),
  ]);
  expect([asked.status, made.status].toSorted((a, b) => a - b)).not.toEqual([201, 201]);
});

test('one is removed with the word of one of them, and nothing is withdrawn for a day', async () => {
  const passkey = await added();
  const id = await idOf();
  const remove = (more: object = {}) => user.send('post', `/passkeys/${id}/remove`, more);
  const { change } = refusalOf(await remove()).details;
  if (!change) throw new Error('nothing to confirm');
  expect(change).toMatchObject({ change: 'remove', credentialId: passkey.credentialId, publicKey: null });
  expect(codeOf(await remove({ confirmation: new TestPasskey(ORIGIN).confirmChange(change) }))).toBe(
    'CONFIRMATION_REFUSED',
  );
  expect(codeOf(await remove({ password: PASSWORD }))).toBe('BAD_REQUEST');
  expect((await user.get('/passkeys')).body.items).toHaveLength(1);
  expect((await remove({ confirmation: passkey.confirmChange(change) })).status).toBe(200);
  expect((await user.get('/passkeys')).body.items).toEqual([]);
  expect(codeOf(await ask())).toBe('WITHDRAWALS_LOCKED');
  world.clock.advance(86_400_000);
  user = world.visitor();
  await user.logIn(email);
  expect((await ask()).status).toBe(201);
});

test("what was lost goes with a word of the signer's operator: the password alone logs in then, and nothing is withdrawn for a day", async () => {
  const passkey = await added();
  const again = world.visitor();
  const logIn = () => again.agent.post('/api/session').send({ email, password: PASSWORD });
  expect(codeOf(await logIn())).toBe('SECOND_FACTOR_REQUIRED');
  world.userKeys.dropped = [passkey.credentialId];
  expect((await logIn()).status).toBe(200);
  expect((await user.get('/passkeys')).body.items).toEqual([]);
  expect(codeOf(await ask())).toBe('WITHDRAWALS_LOCKED');
  expect(JSON.stringify(await world.letters(email, 2))).toContain('A passkey was removed');
  world.clock.advance(86_400_000);
  user = world.visitor();
  await user.logIn(email);
  expect((await ask()).status).toBe(201);
});

test('security events tell of each change, and no answer of an authenticator is in any of them', async () => {
  const passkey = await added();
  await user.send('post', `/passkeys/${await idOf()}`, { label: 'renamed' });
  const kinds = ((await user.get('/security-events')).body.items as { kind: string; outcome: string }[]).map(
    ({ kind, outcome }) => `${kind} ${outcome}`,
  );
  expect(kinds.slice(0, 2)).toEqual(['passkey.rename done', 'passkey.add done']);
  expect(JSON.stringify(await world.dataSource.query('SELECT * FROM security_events'))).not.toContain(
    passkey.credentialId,
  );
});
