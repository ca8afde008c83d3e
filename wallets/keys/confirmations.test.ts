/** A user's confirmation on the networks that are not of Ethereum's kind: in a batch of coins, and on TRON. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transaction } from 'bitcoinjs-lib';
import { Mnemonic } from 'ethers';
import type { UtxoIntent, CoinPayment, Signer, TronIntent } from '../../domain/contract/ports';
import { TestPasskey } from '../../domain/lifecycle/testing';
import { accountKeysOf, accountOf, scriptOf } from '../chains/bitcoin/addresses';
import { planPayments } from '../chains/bitcoin/coins';
import { buildPsbt } from '../chains/bitcoin/psbt';
import { createSigner, siteOf } from '.';
import { openRules } from './testing';

const ORIGIN = 'https://exchange.example';
const mnemonic = Mnemonic.fromPhrase(
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about',
);
const keys = accountKeysOf(Buffer.from(mnemonic.computeSeed().slice(2), 'hex'), 'regtest');
const account = accountOf(keys.xpub, 'regtest');
const others = accountOf(accountKeysOf(Buffer.alloc(64, 7), 'regtest').xpub, 'regtest');
const passkey = new TestPasskey(ORIGIN);

let dir: string;
let signer: Signer & { close(): void };
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'confirmations-'));
  const rails = { TRX: { contract: null, decimals: 6 } };
  signer = createSigner(
    mnemonic,
    {
      networks: {},
      maxGasCost: '0',
      approvals: openRules,
      site: siteOf(ORIGIN),
      coins: { bitcoin: { chain: 'regtest', asset: 'BTC', maxFee: '0.0005' } },
      trons: { tron: { gasAsset: 'TRX', rails, maxFee: '60' } },
    },
    dir,
  );
  const { credentialId, publicKey } = passkey;
  await signer.changePasskey({ userId: 'u1', change: 'add', credentialId, publicKey, expiresAt: Date.now() + 60_000 });
});
afterEach(() => {
  signer.close();
  rmSync(dir, { recursive: true, force: true });
});
const written = (file: string): string => (existsSync(join(dir, file)) ? readFileSync(join(dir, file), 'utf8') : '');
const confirm = (withdrawalId: string, network: string, asset: string, to: string, amount: string) =>
  passkey.confirm({
    userId: 'u1',
    withdrawalId,
    network,
    asset,
    to,
    memo: null,
    amount,
    expiresAt: Date.now() + 600_000,
  });

test('in a batch the one that its owner has not confirmed is named, and nothing of the batch is written down', async () => {
  const maker = new Transaction();
  maker.version = 2;
  maker.addInput(Buffer.alloc(32, 9), 0);
  maker.addOutput(account.own(0, 0).script, 100_000_000n);
  const [mine, theirs] = [others.own(0, 1).address, others.own(0, 2).address];
  const outputs = [mine, theirs].map((address) => ({
    script: scriptOf(address, 'regtest') ?? new Uint8Array(),
    value: 10_000_000n,
  }));
  const plan = planPayments(
    [{ txid: maker.getId(), index: 0, value: 100_000_000n, branch: 0, child: 0 }],
    outputs,
    5000n,
  );
  const psbt = buildPsbt(plan, {
    account,
    network: 'regtest',
    fingerprint: keys.fingerprint,
    changeIndex: 3,
    transaction: () => maker.toHex(),
  });
  const ofMine: CoinPayment = { to: mine, amount: '0.1', payout: 'withdrawal:w1:0', userId: 'u1' };
  const ofTheirs: CoinPayment = { to: theirs, amount: '0.1', payout: 'withdrawal:w2:0', userId: 'u2' };
  const intentOf = (first: CoinPayment): UtxoIntent => ({
    intentId: 'batch:b1',
    network: 'bitcoin',
    purpose: 'withdrawal',
    asset: 'BTC',
    payments: [first, ofTheirs],
    psbt,
  });
  const good = confirm('w1', 'bitcoin', 'BTC', mine, '0.1');
  for (const bad of [ofMine, { ...ofMine, confirmation: confirm('w1', 'bitcoin', 'BTC', theirs, '0.1') }]) {
    await expect(signer.signUtxo(intentOf(bad))).rejects.toMatchObject({
      code: 'CONFIRMATION_REFUSED',
      details: { payout: 'withdrawal:w1:0' },
    });
  }
  expect(written('admitted.jsonl') + written('signed-coins.jsonl')).toBe('');
  await signer.signUtxo(intentOf({ ...ofMine, confirmation: good }));
  expect(written('admitted.jsonl').trim().split('\n')).toHaveLength(2);
});

test('on TRON as well', async () => {
  const to = 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8';
  const now = Date.now();
  const intent: TronIntent = {
    intentId: 'withdrawal:w1:0',
    network: 'tron',
    purpose: 'withdrawal',
    asset: 'TRX',
    from: 'hot',
    to,
    amount: '5',
    feeLimit: '0',
    envelope: { blockBytes: '0a0b', blockHash: '0102030405060708', timestamp: now, expiration: now + 300_000 },
    userId: 'u1',
  };
  for (const confirmation of [
    undefined,
    confirm('w1', 'tron', 'TRX', to, '50'),
    confirm('w2', 'tron', 'TRX', to, '5'),
  ]) {
    await expect(signer.signTron({ ...intent, confirmation })).rejects.toMatchObject({ code: 'CONFIRMATION_REFUSED' });
  }
  await signer.signTron({ ...intent, confirmation: confirm('w1', 'tron', 'TRX', to, '5') });
});
