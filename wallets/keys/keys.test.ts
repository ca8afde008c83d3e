import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Interface, Mnemonic, Transaction } from 'ethers';
import { frameOf } from '../../domain/contract/frames';
import type { SignIntent, Signer } from '../../domain/contract/ports';
import { addressFrom } from './addresses';
import { connectSigner, createSigner, openOrMakeSeed, passphraseKek, runSigner, serveSigner } from '.';
import type { SignerPolicy } from '.';
import { openRules } from './testing';

const USDT = '0xdAC17F958D2ee523a2206206994597C13D831ec7';
const SOMEBODY = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
const mnemonic = Mnemonic.fromPhrase(
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about',
);
const rails = { ETH: { contract: null, decimals: 18, maxPayout: '50' }, USDT: { contract: USDT, decimals: 6 } };
const policy: SignerPolicy = {
  networks: { ethereum: { chainId: 31337, gasAsset: 'ETH', rails } },
  maxGasCost: '0.1',
  approvals: openRules,
  venueAddresses: 'first-seen',
};

let dir: string;
let signer: Signer;
let hot: string;
let child: (index: number) => string;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'signer-'));
  signer = createSigner(mnemonic, policy, dir);
  const identity = await signer.identity('ethereum');
  hot = identity.hotAddress;
  child = addressFrom(identity.depositXpub);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const payout: SignIntent = {
  intentId: 'withdrawal:w1:0',
  network: 'ethereum',
  purpose: 'withdrawal',
  asset: 'ETH',
  from: 'hot',
  to: SOMEBODY,
  amount: '1.5',
  nonce: 0,
  gasLimit: '25200',
  maxFeePerGas: '3000000000',
  maxPriorityFeePerGas: '1000000000',
};
const refused = (intent: SignIntent, code = 'FORBIDDEN') => expect(signer.sign(intent)).rejects.toMatchObject({ code });

test('addresses are those of the well-known mnemonic, and a mistyped key is refused', async () => {
  const { depositXpub } = await signer.identity('ethereum');
  // The first address of m/44'/60'/0'/0 for this mnemonic, in every wallet.
  expect(child(0)).toBe('0x9858EfFD232B4033E47d90003D41EC34EcaEda94');
  expect(child(7)).not.toBe(child(0));
  for (const at of [20, 50, 80, 110]) {
    const wrong = depositXpub.slice(0, at) + (depositXpub[at] === 'a' ? 'b' : 'a') + depositXpub.slice(at + 1);
    expect(() => addressFrom(wrong)).toThrow();
  }
});

test('it signs what the intent says: chain, nonce, amount and receiver, for coins and for tokens', async () => {
  const { rawTransaction, txid } = await signer.sign(payout);
  const coin = Transaction.from(rawTransaction);
  expect(coin).toMatchObject({
    hash: txid,
    from: hot,
    to: SOMEBODY,
    value: 1_500_000_000_000_000_000n,
    nonce: 0,
    chainId: 31337n,
  });
  const token = Transaction.from(
    (await signer.sign({ ...payout, intentId: 'withdrawal:w2:0', asset: 'USDT', amount: '12.34', nonce: 1 }))
      .rawTransaction,
  );
  expect(token).toMatchObject({ from: hot, to: USDT, value: 0n });
  const [to, value] = new Interface(['function transfer(address,uint256)']).decodeFunctionData('transfer', token.data);
  expect([to, value]).toEqual([SOMEBODY, 12_340_000n]);
});

test('one intent, one signature: also twice at once, after a start, and never with another body', async () => {
  const [a, b] = await Promise.all([signer.sign(payout), signer.sign(payout)]);
  expect(a).toEqual(b);
  await refused({ ...payout, amount: '1.6' }, 'IDEMPOTENCY_KEY_REUSED');
  signer = createSigner(mnemonic, policy, dir);
  expect(await signer.sign(payout)).toEqual(a);
  await refused({ ...payout, to: child(3) }, 'IDEMPOTENCY_KEY_REUSED');
  const race = await Promise.allSettled([
    signer.sign({ ...payout, intentId: 'withdrawal:r:0', nonce: 5 }),
    signer.sign({ ...payout, intentId: 'withdrawal:r:0', nonce: 5, amount: '2' }),
  ]);
  expect(race.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('what was signed survives a line that a kill cut off', async () => {
  const first = await signer.sign(payout);
  const file = join(dir, 'signed.jsonl');
  appendFileSync(file, readFileSync(file, 'utf8').slice(0, 40));
  signer = createSigner(mnemonic, policy, dir);
  await signer.sign({ ...payout, intentId: 'withdrawal:w2:0', nonce: 1 });
  signer = createSigner(mnemonic, policy, dir);
  expect(await signer.sign(payout)).toEqual(first);
  await refused({ ...payout, intentId: 'withdrawal:w2:0', nonce: 1, amount: '9' }, 'IDEMPOTENCY_KEY_REUSED');
});

test('one nonce, one payment; a replacement is the same payment with higher fees', async () => {
  await signer.sign(payout);
  await refused({ ...payout, intentId: 'withdrawal:w2:0' });
  const bump = {
    ...payout,
    intentId: 'withdrawal:w1:0#1',
    maxFeePerGas: '3600000000',
    maxPriorityFeePerGas: '1200000000',
  };
  await refused({ ...bump, amount: '2' });
  await refused({ ...bump, to: child(1) });
  await refused({ ...bump, nonce: 1 });
  await refused({ ...bump, maxPriorityFeePerGas: '1000000000' });
  expect(Transaction.from((await signer.sign(bump)).rawTransaction)).toMatchObject({
    nonce: 0,
    maxFeePerGas: 3_600_000_000n,
  });
  await refused({ ...bump, intentId: 'withdrawal:w9:0#1', nonce: 4 });
});

test('a sweep goes to the hot wallet alone, a top-up to a deposit address alone', async () => {
  const sweep: SignIntent = { ...payout, intentId: 'sweep:s1', purpose: 'sweep', from: 2, to: hot };
  expect(Transaction.from((await signer.sign(sweep)).rawTransaction)).toMatchObject({ from: child(2), to: hot });
  await refused({ ...sweep, intentId: 'sweep:s2', to: SOMEBODY });
  await refused({ ...sweep, intentId: 'sweep:s3', from: 'hot' });
  const topUp: SignIntent = {
    ...payout,
    intentId: 'topup:s1',
    purpose: 'topup',
    to: child(2),
    toIndex: 2,
    amount: '0.001',
  };
  await signer.sign(topUp);
  await refused({ ...topUp, intentId: 'topup:s2', toIndex: 3, nonce: 2 });
  await refused({ ...topUp, intentId: 'topup:s3', to: SOMEBODY, nonce: 2 });
  await refused({ ...topUp, intentId: 'topup:s4', asset: 'USDT', nonce: 2 });
});

test('the venue address is named by settings; the local world pins the first one', async () => {
  const venue: SignIntent = { ...payout, intentId: 'venue:v1', purpose: 'venue', to: SOMEBODY };
  await signer.sign(venue);
  await refused({ ...venue, intentId: 'venue:v2', nonce: 1, to: child(1) });
  signer = createSigner(mnemonic, policy, dir);
  await refused({ ...venue, intentId: 'venue:v2', nonce: 1, to: child(1) });
  signer = createSigner(mnemonic, { ...policy, venueAddresses: { 'ethereum/USDT': child(4) } }, dir);
  await refused({ ...venue, intentId: 'venue:v3', nonce: 1, asset: 'USDT' });
  await signer.sign({ ...venue, intentId: 'venue:v3', nonce: 1, asset: 'USDT', to: child(4) });
  signer = createSigner(mnemonic, { ...policy, venueAddresses: {} }, dir);
  await refused({ ...venue, intentId: 'venue:v4', nonce: 2, asset: 'USDT', to: child(4) });
});

test('refused: tricks with purpose, network, asset, amount, destination, gas and shape', async () => {
  const tricks: Partial<Record<keyof SignIntent, unknown>>[] = [
    { purpose: 'other', from: 3 },
    { from: 3 },
    { from: -1 },
    { from: 2 ** 31 },
    { network: 'constructor' },
    { network: 'bitcoin' },
    { asset: '__proto__' },
    { asset: 'DOGE' },
    { amount: '0' },
    { amount: '-1' },
    { amount: 1.5 },
    { amount: '50.1' },
    { asset: 'USDT', amount: '0.0000001' },
    { to: USDT },
    { to: '0x0000000000000000000000000000000000000000' },
    { to: SOMEBODY.replace('C51', 'c51') },
    { to: 'vitalik.eth' },
    { gasLimit: '30000000', maxFeePerGas: '9000000000000' },
    { maxFeePerGas: '0x1' },
    { nonce: 1.5 },
    { intentId: '' },
  ];
  for (const trick of [...tricks, { to: hot }])
    await refused({ ...payout, intentId: 'withdrawal:trick:0', ...trick } as SignIntent);
  expect(readFileSync(join(dir, 'signed.jsonl'), 'utf8')).toBe('');
});

test('over the socket: answers, refusals with their code, garbage, a restart in between, one server at a time', async () => {
  const path = join(dir, 's');
  let server = await serveSigner(signer, path);
  const sockets: Socket[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  const remote = connectSigner(path, 1000);
  expect(await remote.identity('ethereum')).toMatchObject({ hotAddress: hot });
  expect(await remote.sign(payout)).toEqual(await signer.sign(payout));
  await expect(remote.sign({ ...payout, amount: '3' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  await expect(serveSigner(signer, path)).rejects.toThrow('already listening');
  const badly = ['not a frame', Buffer.from([0, 0, 0, 2, 0x7b, 0x7b]), Buffer.from([2, 0, 0, 1])];
  for (const garbage of [...badly, ...[null, {}, 'text', { id: 1, method: 'sign', params: {} }].map(frameOf)]) {
    const socket = connect(path);
    await new Promise<void>((resolve) => {
      socket.on('close', () => resolve()).on('data', () => socket.destroy());
      socket.write(garbage);
    });
  }
  // As a kill does: connections break, and the next call opens another.
  const kill = async (): Promise<void> => {
    sockets.forEach((socket) => socket.destroy());
    await new Promise((resolve) => server.close(resolve));
  };
  await kill();
  await expect(remote.identity('ethereum')).rejects.toThrow('away');
  server = await serveSigner(signer, path);
  server.on('connection', (socket) => sockets.push(socket));
  expect(await remote.identity('ethereum')).toMatchObject({ hotAddress: hot });
  await kill();
});

test('the seed is sealed: same again with its passphrase, closed to another, and to a changed file', async () => {
  const file = join(dir, 'seed');
  const made = await openOrMakeSeed(file, 'a long enough passphrase');
  expect((await openOrMakeSeed(file, 'a long enough passphrase')).phrase).toBe(made.phrase);
  expect(readFileSync(file, 'utf8')).not.toContain(made.phrase);
  await expect(openOrMakeSeed(file, 'another passphrase')).rejects.toThrow('cannot be opened');
  const sealed = JSON.parse(readFileSync(file, 'utf8')) as { text: string };
  writeFileSync(
    file,
    JSON.stringify({ ...sealed, text: `${sealed.text.startsWith('0') ? '1' : '0'}${sealed.text.slice(1)}` }),
  );
  await expect(openOrMakeSeed(file, 'a long enough passphrase')).rejects.toThrow('cannot be opened');
  await expect(openOrMakeSeed(join(dir, 'other'), 'short')).rejects.toThrow('12 characters');
});

test('a seed is made by a signer that is asked to, and by no other', async () => {
  const policy = { networks: {}, maxGasCost: '0', approvals: openRules };
  const options = {
    socketPath: join(dir, 'made.socket'),
    seedFile: join(dir, 'made.seed'),
    kek: passphraseKek('a long enough passphrase'),
    dir,
    policy,
  };
  await expect(runSigner(options)).rejects.toThrow('npm run keys -- generate');
  expect(existsSync(options.seedFile)).toBe(false);
  (await runSigner({ ...options, makeSeed: true })).close();
  const made = readFileSync(options.seedFile, 'utf8');
  (await runSigner(options)).close();
  expect(readFileSync(options.seedFile, 'utf8')).toBe(made);
});
