import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Mnemonic } from 'ethers';
import fc from 'fast-check';
import type { Confirmation } from '../../domain/contract/api/passkeys';
import type { Payment, SignIntent, SignedPasskeyChange, Signer } from '../../domain/contract/ports';
import type { ConfirmedPayment } from '../../domain/lifecycle/confirmation';
import { TestPasskey } from '../../domain/lifecycle/testing';
import type { Over, TestAlgorithm } from '../../domain/lifecycle/testing';
import { connectSigner, createSigner, dropUserKeys, serveSigner, siteOf, userKeysIn } from '.';
import type { SignerPolicy } from '.';
import { rulesOf, testAdmin } from './testing';

const ORIGIN = 'https://exchange.example';
const ELSE = '0x52908400098527886E0F7030069857D2E4169EE7';
const mnemonic = Mnemonic.fromPhrase(
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about',
);
const rails = {
  ETH: { contract: null, decimals: 18 },
  USDT: { contract: '0xdAC17F958D2ee523a2206206994597C13D831ec7', decimals: 6 },
};
const payout: SignIntent = {
  intentId: 'withdrawal:w1:0',
  network: 'ethereum',
  purpose: 'withdrawal',
  asset: 'ETH',
  from: 'hot',
  to: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
  amount: '0.05',
  nonce: 0,
  gasLimit: '25200',
  maxFeePerGas: '3000000000',
  maxPriorityFeePerGas: '1000000000',
  userId: 'u1',
};

let dir: string;
let now: number;
let signer: Signer & { close(): void };
let key: TestPasskey;
const policy = (over: Partial<SignerPolicy> = {}): SignerPolicy => ({
  networks: { ethereum: { chainId: 31337, gasAsset: 'ETH', rails }, bsc: { chainId: 31338, gasAsset: 'ETH', rails } },
  maxGasCost: '0.1',
  approvals: rulesOf({ '*': { auto: '1', autoDaily: '100', fourEyes: '100' } }, () => now),
  site: siteOf(ORIGIN),
  ...over,
});
const open = (over: Partial<SignerPolicy> = {}): void => {
  signer = createSigner(mnemonic, policy(over), dir);
};
const again = (over: Partial<SignerPolicy> = {}): void => {
  signer.close();
  open(over);
};
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'user-keys-'));
  now = Date.now();
  key = new TestPasskey(ORIGIN);
  open();
});
afterEach(() => {
  signer.close();
  rmSync(dir, { recursive: true, force: true });
});

const changeOf = (userId: string, passkey: TestPasskey, change: 'add' | 'remove' = 'add'): SignedPasskeyChange => ({
  userId,
  change,
  credentialId: passkey.credentialId,
  publicKey: change === 'add' ? passkey.publicKey : null,
  expiresAt: now + 60_000,
});
/** With the word of a passkey. */
const confirmedBy = (by: TestPasskey, change: SignedPasskeyChange): SignedPasskeyChange => {
  const { expiresAt: _expiresAt, ...assertion } = by.confirmChange(change);
  return { ...change, assertion };
};
const paymentOf = (
  { intentId, network, asset, to, amount, userId = '' }: SignIntent,
  over: Partial<ConfirmedPayment> = {},
): ConfirmedPayment => ({
  userId,
  withdrawalId: intentId.split(':')[1] ?? '',
  network,
  asset,
  to,
  memo: null,
  amount,
  expiresAt: now + 600_000,
  ...over,
});
const confirm = (over: Partial<ConfirmedPayment> = {}, how: Over = {}, by = key): Confirmation =>
  by.confirm(paymentOf(payout, over), how);
const refused = (asked: Promise<unknown>, why: string) =>
  expect(asked).rejects.toMatchObject({
    code: 'CONFIRMATION_REFUSED',
    details: { signer: expect.stringContaining(why) },
  });

test.each<TestAlgorithm>(['ES256', 'RS256', 'EdDSA'])(
  'a confirmed payment is signed, with a passkey of %s; unconfirmed or of nobody it is not, and who has no passkey is paid as before',
  async (algorithm) => {
    const passkey = new TestPasskey(ORIGIN, algorithm);
    await signer.changePasskey(changeOf('u1', passkey));
    await refused(signer.sign(payout), 'has not confirmed');
    await signer.sign({ ...payout, confirmation: confirm({}, {}, passkey) });
    await signer.sign({ ...payout, intentId: 'withdrawal:w2:0', nonce: 1, userId: 'u2' });
  },
);

test.each<[string, Partial<ConfirmedPayment>, string]>([
  ['user', { userId: 'u2' }, 'something else'],
  ['withdrawal', { withdrawalId: 'w2' }, 'something else'],
  ['network', { network: 'bsc' }, 'something else'],
  ['asset', { asset: 'USDT' }, 'something else'],
  ['receiver', { to: ELSE }, 'something else'],
  ['spelling of the receiver', { to: payout.to.toLowerCase() }, 'something else'],
  ['memo', { memo: '7' }, 'something else'],
  ['amount', { amount: '0.5' }, 'something else'],
  ['spelling of the amount', { amount: '0.050' }, 'something else'],
])('a confirmation with another %s is none of this payment', async (_field, over, why) => {
  await signer.changePasskey(changeOf('u1', key));
  await refused(signer.sign({ ...payout, confirmation: confirm(over) }), why);
  await refused(signer.judge({ ...payout, confirmation: confirm(over) }, []), why);
});

test.each<[string, Partial<SignIntent>]>([
  ['network', { network: 'bsc' }],
  ['asset', { asset: 'USDT' }],
  ['receiver', { to: ELSE }],
  ['amount', { amount: '0.06' }],
])(
  'a payment with another %s than was confirmed is not signed, and one confirmation is good for no second payment',
  async (_field, over) => {
    await signer.changePasskey(changeOf('u1', key));
    const confirmation = confirm();
    await refused(signer.sign({ ...payout, ...over, confirmation }), 'something else');
    await signer.sign({ ...payout, confirmation });
    for (const more of [{}, over])
      await refused(
        signer.sign({ ...payout, intentId: 'withdrawal:w2:0', nonce: 1, ...more, confirmation }),
        'something else',
      );
  },
);

const CROSS = { crossOrigin: true };
test.each<[string, Over, string]>([
  ['of another page', { origin: 'https://exchange.example.thief.example' }, 'another page'],
  ['of another port', { origin: 'https://exchange.example:8443' }, 'another page'],
  ['within a frame of another page', { client: CROSS }, 'another page'],
  ['below another page', { client: { topOrigin: 'https://thief.example' } }, 'another page'],
  ['for another site', { rpId: 'thief.example' }, 'another site'],
  ['for a registration', { type: 'webauthn.create' }, 'something else'],
  ['for a payment of the browser', { type: 'payment.get' }, 'something else'],
  ['without presence', { flags: 0x04 }, 'nobody was present'],
  ['without verification', { flags: 0x01 }, 'has not verified'],
  ['with bytes that nothing announces', { more: Buffer.from('00', 'hex') }, 'no assertion'],
])('an assertion %s is refused', async (_what, how, why) => {
  await signer.changePasskey(changeOf('u1', key));
  await refused(signer.sign({ ...payout, confirmation: confirm({}, how) }), why);
});

test('an extension that the flags announce is signed with the rest; a key of another user, or one that was removed, signs nothing', async () => {
  const [other, second] = [new TestPasskey(ORIGIN), new TestPasskey(ORIGIN)];
  await signer.changePasskey(changeOf('u1', key));
  await signer.changePasskey(changeOf('u2', other));
  await refused(signer.sign({ ...payout, confirmation: confirm({}, {}, other) }), 'no passkey of user u1');
  // Under the name of a passkey that is known, by the key of another.
  await refused(
    signer.sign({ ...payout, confirmation: { ...confirm({}, {}, other), credentialId: key.credentialId } }),
    'another key',
  );
  await refused(
    signer.sign({ ...payout, confirmation: confirm({ expiresAt: now - 31 * 86_400_000 }) }),
    'too long ago',
  );
  await refused(signer.sign({ ...payout, confirmation: confirm({ expiresAt: now + 2 * 86_400_000 }) }), 'for too long');
  const confirmation = confirm();
  await refused(
    signer.sign({ ...payout, confirmation: { ...confirmation, expiresAt: confirmation.expiresAt + 1 } }),
    'something else',
  );
  await signer.changePasskey(confirmedBy(key, changeOf('u1', second)));
  await signer.changePasskey(confirmedBy(second, changeOf('u1', key, 'remove')));
  await refused(signer.sign({ ...payout, confirmation: confirm() }), 'no passkey of user u1');
  await signer.sign({ ...payout, confirmation: confirm({}, { flags: 0x85, more: Buffer.from('a0', 'hex') }, second) });
});

test('what cannot be read is a refusal: bytes, JSON, spellings, lengths and whatever else is sent', async () => {
  await signer.changePasskey(changeOf('u1', key));
  const good = confirm();
  const b64 = (text: string | Buffer): string => Buffer.from(text).toString('base64url');
  const bad: unknown[] = [
    null,
    'x',
    7,
    [],
    {},
    { ...good, expiresAt: '1' },
    { ...good, more: 1 },
    { ...good, signature: '' },
    { ...good, clientDataJSON: 'x'.repeat(4001) },
  ];
  const fields: Partial<Confirmation>[] = [
    { clientDataJSON: b64('not json') },
    { clientDataJSON: b64('[]') },
    { clientDataJSON: b64('null') },
    { clientDataJSON: b64(Buffer.from([0x7b, 0xff, 0x7d])) },
    { clientDataJSON: `${good.clientDataJSON}A` },
    { authenticatorData: b64('short') },
    { authenticatorData: b64(Buffer.alloc(37)) },
    { signature: b64('x') },
    { signature: b64(Buffer.alloc(72, 255)) },
  ];
  for (const confirmation of [...bad, ...fields.map((over) => ({ ...good, ...over }))])
    await expect(signer.sign({ ...payout, confirmation: confirmation as Confirmation })).rejects.toMatchObject({
      code: 'CONFIRMATION_REFUSED',
    });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('authenticatorData', 'clientDataJSON', 'signature'),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      async (field, at, flip) => {
        const bytes = Buffer.from(good[field as 'signature'], 'base64url');
        bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ flip;
        await expect(
          signer.sign({ ...payout, confirmation: { ...good, [field]: bytes.toString('base64url') } }),
        ).rejects.toMatchObject({ code: 'CONFIRMATION_REFUSED' });
      },
    ),
    { numRuns: 200 },
  );
  for (const userId of ['', 'a b', '../x', 7, {}])
    await expect(signer.sign({ ...payout, userId: userId as string, confirmation: good })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
  await signer.sign({ ...payout, confirmation: good });
});

test('the same payment is signed again with higher fees and after a new start, with no further word; another round takes an admin', async () => {
  const ann = testAdmin('ann@example.org', dir);
  await signer.changePasskey(changeOf('u1', key));
  const confirmation = confirm();
  await signer.sign({ ...payout, confirmation });
  again();
  now += 40 * 86_400_000;
  await signer.sign({
    ...payout,
    intentId: 'withdrawal:w1:0#1',
    maxFeePerGas: '4000000000',
    maxPriorityFeePerGas: '2000000000',
  });
  now -= 40 * 86_400_000;
  const second = { ...payout, intentId: 'withdrawal:w1:1', nonce: 1, confirmation };
  await expect(signer.sign(second)).rejects.toMatchObject({
    code: 'FORBIDDEN',
    details: { signer: expect.stringContaining('1 more approval') },
  });
  expect(await signer.judge(second, [])).toMatchObject({ needed: 1 });
  await signer.sign({ ...second, approvals: [ann.approve(second)] });
});

test('the first passkey of a user is believed, a further one and a removal take the word of one that is known, on the process over its socket', async () => {
  const path = join(dir, 's');
  const server = await serveSigner(signer, path);
  const sockets: Socket[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  const remote = connectSigner(path, 2000);
  const [second, thief] = [new TestPasskey(ORIGIN), new TestPasskey(ORIGIN)];
  await remote.changePasskey(changeOf('u1', key));
  await remote.changePasskey(changeOf('u1', key));
  await refused(remote.changePasskey(changeOf('u1', thief)), 'must confirm');
  await refused(remote.changePasskey(confirmedBy(thief, changeOf('u1', thief))), 'no passkey of user u1');
  // The word was for another key, for another user, for its removal, or came too late.
  const word = confirmedBy(key, changeOf('u1', second));
  await refused(
    remote.changePasskey({ ...word, credentialId: thief.credentialId, publicKey: thief.publicKey }),
    'something else',
  );
  await refused(remote.changePasskey({ ...word, publicKey: thief.publicKey }), 'something else');
  await refused(
    remote.changePasskey({ ...changeOf('u1', key, 'remove'), ...(word.assertion && { assertion: word.assertion }) }),
    'something else',
  );
  await refused(remote.changePasskey({ ...word, expiresAt: now - 1 }), 'too long ago');
  await refused(remote.changePasskey(changeOf('u2', key)), 'known before');
  await remote.changePasskey(word);
  await remote.changePasskey(word);
  await refused(remote.changePasskey(changeOf('u1', second, 'remove')), 'must confirm');
  await remote.changePasskey(confirmedBy(second, changeOf('u1', second, 'remove')));
  // Gone, it is not let in again by the word of before, which somebody may have kept; nor does it say anything more.
  await refused(remote.changePasskey(word), 'known before');
  await refused(remote.changePasskey(confirmedBy(second, changeOf('u1', thief))), 'no passkey of user u1');
  for (const bad of [
    {},
    { ...word, more: 1 },
    { ...word, publicKey: 'AAAA' },
    { ...changeOf('u1', key, 'remove'), publicKey: key.publicKey },
    { ...changeOf('u1', thief), publicKey: null },
    { ...changeOf('u 1', thief) },
  ])
    await expect(remote.changePasskey(bad as SignedPasskeyChange)).rejects.toMatchObject({
      code: 'CONFIRMATION_REFUSED',
    });
  server.close();
  for (const socket of sockets) socket.destroy();
});

test('a kill in the middle of a line loses that line alone, and the register is what it was after a new start', async () => {
  const second = new TestPasskey(ORIGIN);
  await signer.changePasskey(changeOf('u1', key));
  await signer.changePasskey(confirmedBy(key, changeOf('u1', second)));
  signer.close();
  appendFileSync(join(dir, 'user-keys.jsonl'), '{"user":"u1","remo');
  open();
  expect(userKeysIn(dir)).toEqual(new Map([['u1', 2]]));
  await refused(signer.sign(payout), 'has not confirmed');
  expect(readFileSync(join(dir, 'user-keys.jsonl'), 'utf8').split('\n')).toHaveLength(3);
  await signer.sign({ ...payout, confirmation: confirm({}, {}, second) });
});

test('its operator drops the passkeys of somebody who has lost them: at once, and the next one is believed', async () => {
  await signer.changePasskey(changeOf('u1', key));
  const next = new TestPasskey(ORIGIN);
  await refused(signer.changePasskey(changeOf('u1', next)), 'must confirm');
  dropUserKeys(dir, 'u1', ++now);
  now++;
  expect(userKeysIn(dir)).toEqual(new Map());
  expect([await signer.droppedPasskeys('u1'), await signer.droppedPasskeys('u2')]).toEqual([[key.credentialId], []]);
  expect(() => dropUserKeys(dir, 'u1', now)).toThrow('knows no passkey');
  await signer.changePasskey(changeOf('u1', next));
  await refused(signer.sign({ ...payout, confirmation: confirm() }), 'no passkey of user u1');
  await signer.sign({ ...payout, confirmation: confirm({}, {}, next) });
});

test('a signer that knows no page takes no passkey, and pays nobody who has one', async () => {
  await signer.changePasskey(changeOf('u1', key));
  const { site: _site, ...blind } = policy();
  signer.close();
  signer = createSigner(mnemonic, blind, dir);
  await refused(signer.changePasskey(changeOf('u2', new TestPasskey(ORIGIN))), 'PUBLIC_ORIGIN');
  const payment: Payment = { ...payout, confirmation: confirm() };
  await refused(signer.judge(payment, []), 'PUBLIC_ORIGIN');
});
