import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Mnemonic } from 'ethers';
import type { Approval } from '../../domain/contract/api/approvals';
import type { SignIntent, Signer } from '../../domain/contract/ports';
import { adminsFile, connectSigner, createSigner, enrolAdmin, readAdmins, revokeAdmin, serveSigner } from '.';
import type { ApprovalRules, SignerPolicy } from '.';
import { rulesOf, testAdmin } from './testing';
import type { TestAdmin } from './testing';

const ELSE = '0x52908400098527886E0F7030069857D2E4169EE7';
const mnemonic = Mnemonic.fromPhrase(
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about',
);
const limits = { ETH: { auto: '0.1', autoDaily: '0.25', fourEyes: '10' } };
const payout: SignIntent = {
  intentId: 'withdrawal:w1:0',
  network: 'ethereum',
  purpose: 'withdrawal',
  asset: 'ETH',
  from: 'hot',
  to: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
  amount: '1.5',
  nonce: 0,
  gasLimit: '25200',
  maxFeePerGas: '3000000000',
  maxPriorityFeePerGas: '1000000000',
};
const numbered = (n: number, over: Partial<SignIntent> = {}): SignIntent => ({
  ...payout,
  intentId: `withdrawal:w${n}:0`,
  nonce: n,
  ...over,
});

let dir: string;
let now: number;
let ann: TestAdmin;
let bob: TestAdmin;
let signer: Signer & { close(): void };
const policy = (rules: ApprovalRules): SignerPolicy => {
  const rails = {
    ETH: { contract: null, decimals: 18 },
    USDT: { contract: '0xdAC17F958D2ee523a2206206994597C13D831ec7', decimals: 6 },
  };
  return { networks: { ethereum: { chainId: 31337, gasAsset: 'ETH', rails } }, maxGasCost: '0.1', approvals: rules };
};
const open = (): typeof signer => createSigner(mnemonic, policy(rulesOf(limits, () => now)), dir);
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'approvals-'));
  now = Date.now();
  [ann, bob] = [testAdmin('ann@example.org', dir), testAdmin('bob@example.org', dir)];
  signer = open();
});
afterEach(() => {
  signer.close();
  rmSync(dir, { recursive: true, force: true });
});

const sign = (intent: SignIntent, ...approvals: Approval[]): Promise<{ txid: string }> =>
  signer.sign({ ...intent, approvals });
const refused = (intent: SignIntent, why: string, ...approvals: Approval[]) =>
  expect(sign(intent, ...approvals)).rejects.toMatchObject({
    code: 'FORBIDDEN',
    details: { signer: expect.stringContaining(why) },
  });

test('one admin approves what is not small, two what is large; nobody else, and nobody twice', async () => {
  await refused(payout, '1 more approval');
  await sign(payout, ann.approve(payout));
  const large = numbered(2, { amount: '10.1' });
  await refused(large, '1 more approval', ann.approve(large));
  await refused(large, '1 more approval', ann.approve(large), ann.approve(large, { at: now - 5 }));
  // A second key of the same admin is the same pair of eyes.
  const annsOther = testAdmin('ann@example.org', dir);
  await refused(large, '1 more approval', ann.approve(large), annsOther.approve(large));
  await refused(large, 'does not know this key', ann.approve(large), testAdmin('eve@example.org').approve(large));
  await sign(large, ann.approve(large), bob.approve(large));
  // No limits are written down for this asset: it takes two for anything.
  const unlisted = numbered(3, { asset: 'USDT', amount: '0.01' });
  await refused(unlisted, '1 more approval', ann.approve(unlisted));
});

test('E33 a forged state, a replayed approval, another receiver, amount, asset, network or round are refused, on the process over its socket', async () => {
  const path = join(dir, 's');
  const server = await serveSigner(signer, path);
  const sockets: Socket[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  const remote = connectSigner(path, 2000);
  const mine = ann.approve(payout);
  const forged: [string, Partial<SignIntent>, Approval[]][] = [
    ['no approval at all', {}, []],
    ['another receiver', { to: ELSE }, [mine]],
    ['more', { amount: '1.6' }, [mine]],
    ['the same amount in other words', { amount: '1.50' }, [mine]],
    ['another asset', { asset: 'USDT' }, [mine]],
    ['another withdrawal', { intentId: 'withdrawal:w2:0' }, [mine]],
    ['another round', { intentId: 'withdrawal:w1:1' }, [mine]],
    ['no withdrawal', { intentId: 'x' }, [mine]],
    ['another time', {}, [{ ...mine, at: mine.at + 1 }]],
    ['another cap', {}, [{ ...mine, feeCap: '2' }]],
    ["another's name on it", {}, [{ ...mine, key: bob.approve(payout).key }]],
    ['not an approval', {}, [{ ...mine, signature: '' }]],
    ['nothing that could be one', {}, [null as unknown as Approval]],
  ];
  for (const [, over, approvals] of forged)
    await expect(remote.sign({ ...payout, ...over, approvals })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await expect(remote.sign({ ...payout, approvals: 'yes' as unknown as Approval[] })).rejects.toMatchObject({
    code: 'FORBIDDEN',
  });
  expect(readFileSync(join(dir, 'signed.jsonl'), 'utf8') + readFileSync(join(dir, 'admitted.jsonl'), 'utf8')).toBe('');
  expect(await remote.judge(payout, [])).toMatchObject({ needed: 1, approvedBy: [] });
  expect(await remote.judge(payout, [mine])).toEqual({ needed: 0, approvedBy: ['ann@example.org'], refused: [] });
  expect(await remote.sign({ ...payout, approvals: [mine] })).toEqual(await signer.sign(payout));
  sockets.forEach((socket) => socket.destroy());
  await new Promise((resolve) => server.close(resolve));
});

test('any change of a byte that was signed ends an approval', async () => {
  const mine = ann.approve(payout);
  const bytes = Buffer.from(mine.signature, 'base64');
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: bytes.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
      async (at, change) => {
        const other = Buffer.from(bytes);
        other[at] = (other[at] ?? 0) ^ change;
        expect(await signer.judge(payout, [{ ...mine, signature: other.toString('base64') }])).toMatchObject({
          needed: 1,
        });
      },
    ),
  );
  expect(await signer.judge(payout, [mine])).toMatchObject({ needed: 0 });
});

test('an old approval, one from the future, and one by a key that was taken back do not count', async () => {
  await refused(payout, 'too long ago', ann.approve(payout, { at: now - 3_600_001 }));
  await refused(payout, 'in the future', ann.approve(payout, { at: now + 300_001 }));
  const key = ann.approve(payout).key;
  revokeAdmin(adminsFile(dir), key, now);
  await refused(payout, 'does not know this key', ann.approve(payout));
  expect(() => revokeAdmin(adminsFile(dir), key, now)).toThrow('no key');
  enrolAdmin(adminsFile(dir), ann.name, ann.publicKey, now);
  await sign(payout, ann.approve(payout));
});

test('small ones need nobody, within what may leave so in 24 hours by the log of the signer itself', async () => {
  const small = (n: number): SignIntent => numbered(n, { amount: '0.1' });
  await sign(small(1));
  await sign(small(2));
  // Asked again it is the same one, and counts once.
  await sign(small(2));
  await refused(small(3), '1 more approval');
  signer.close();
  signer = open();
  await refused(small(3), '1 more approval');
  await refused(numbered(4, { amount: '0.11' }), '1 more approval');
  // What an admin approved is not among them.
  await sign(small(3), ann.approve(small(3)));
  now += 86_400_001;
  await sign(small(5));
});

test('E33 what one admin lets through alone is summed over 24 hours by the log of the signer itself: above it two are wanted, whoever cut it into pieces', async () => {
  const piece = (n: number, amount = '10'): SignIntent => numbered(n, { amount });
  // Ten times what one admin may approve, unless the limits say otherwise.
  for (let n = 10; n < 19; n++) await sign(piece(n), ann.approve(piece(n)));
  await sign(piece(19, '9.9'), ann.approve(piece(19, '9.9')));
  // What two let through is not among them.
  await sign(piece(20, '50'), ...[ann, bob].map((admin) => admin.approve(piece(20, '50'))));
  const next = piece(21, '0.2');
  expect(await signer.judge(next, [ann.approve(next)])).toMatchObject({ needed: 1, approvedBy: ['ann@example.org'] });
  await refused(next, 'fourEyesDaily of ETH', ann.approve(next));
  signer.close();
  signer = open();
  await refused(next, '1 more approval', ann.approve(next));
  await sign(next, ann.approve(next), bob.approve(next));
  // Within it what is small still needs nobody; it counts too.
  await sign(piece(22, '0.1'));
  await refused(piece(23, '0.01'), '2 more approval');
  // One that was let through before is let through again.
  await sign({
    ...piece(18),
    intentId: `${piece(18).intentId}#1`,
    maxFeePerGas: '4000000000',
    maxPriorityFeePerGas: '2000000000',
  });
  now += 86_400_001;
  const later = piece(24);
  await sign(later, ann.approve(later, { at: now }));
});

test('E33 the sum of 24 hours is as the limits name it; where everything takes two admins, what needs nobody still passes', async () => {
  const reopen = (eth: ApprovalRules['limits'][string]): void => {
    signer.close();
    signer = createSigner(mnemonic, policy(rulesOf({ ETH: eth }, () => now)), dir);
  };
  reopen({ auto: '0.1', autoDaily: '0.25', fourEyes: '0' });
  await sign(numbered(1, { amount: '0.1' }));
  await refused(numbered(2, { amount: '0.2' }), '2 more approval');
  reopen({ auto: '0', autoDaily: '0', fourEyes: '10', fourEyesDaily: '1' });
  const [fits, not] = [numbered(3, { amount: '0.9' }), numbered(4, { amount: '0.01' })];
  await sign(fits, ann.approve(fits));
  await refused(not, '1 more approval', ann.approve(not));
});

test('it may cost no more than the least careful word of an approver, also when it is replaced; a replacement needs no new approval', async () => {
  // 25,200 gas at 3 gwei are 0.0000756.
  await refused(payout, 'more than the 0.0000755', ann.approve(payout, { feeCap: '0.0000755' }));
  const large = numbered(2, { amount: '11' });
  await refused(large, 'more than the 0.00001', ann.approve(large), bob.approve(large, { feeCap: '0.00001' }));
  await sign(payout, ann.approve(payout, { feeCap: '0.0001' }));
  now += 7_200_000;
  const bump = (n: number, maxFeePerGas: string): SignIntent => ({
    ...payout,
    intentId: `withdrawal:w1:0#${n}`,
    maxFeePerGas,
    maxPriorityFeePerGas: '2000000000',
  });
  await sign(bump(1, '3900000000'));
  await refused(bump(2, '4000000000'), 'more than the 0.0001');
  await refused(bump(2, '4000000000'), 'more than the 0.0001', ann.approve(payout, { feeCap: '1' }));
});

test('who is enrolled: P-256 keys alone, one owner each, and what a kill cut off is no key', () => {
  const file = adminsFile(dir);
  expect(() => enrolAdmin(file, 'eve@example.org', ann.publicKey, now)).toThrow("ann@example.org's");
  expect(() => enrolAdmin(file, '', testAdmin('x').publicKey, now)).toThrow('name');
  expect(() => enrolAdmin(file, 'eve@example.org', 'bm90IGEga2V5', now)).toThrow();
  const ed25519 = 'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=';
  expect(() => enrolAdmin(file, 'eve@example.org', ed25519, now)).toThrow('P-256');
  const eve = testAdmin('eve@example.org');
  appendFileSync(file, `{"name":"eve@example.org","key":"${'0'.repeat(32)}","spki":"${eve.publicKey.slice(0, 20)}`);
  expect(readAdmins(file).map(({ name }) => name)).toEqual(['ann@example.org', 'bob@example.org']);
  enrolAdmin(file, 'eve@example.org', eve.publicKey, now);
  expect(readAdmins(file).map(({ name }) => name)).toEqual(['ann@example.org', 'bob@example.org', 'eve@example.org']);
});
