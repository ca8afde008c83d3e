/** Fees are coins that leave with nobody's word: how much of them in a day is the signer's to say. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Mnemonic } from 'ethers';
import fc from 'fast-check';
import type { SignIntent, Signer, TronIntent } from '../../domain/contract/ports';
import { parseAmount } from '../../domain/money/amount';
import { createSigner } from '.';
import { createFeeBudget } from './fees';
import { openRules } from './testing';

const DAY_MS = 86_400_000;
const mnemonic = Mnemonic.fromPhrase(
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about',
);
let dir: string;
let now: number;
let signer: Signer & { close(): void };
const open = (feesDaily: Record<string, string>): void => {
  const network = { chainId: 31337, gasAsset: 'ETH', rails: { ETH: { contract: null, decimals: 18 } } };
  const tron = {
    gasAsset: 'TRX',
    rails: {
      TRX: { contract: null, decimals: 6 },
      USDT: { contract: 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t', decimals: 6 },
    },
    maxFee: '60',
    maxStake: '1000',
  };
  signer = createSigner(
    mnemonic,
    {
      networks: { ethereum: network, bsc: { ...network, chainId: 31338 } },
      maxGasCost: '0.1',
      trons: { tron },
      feesDaily,
      approvals: { ...openRules, now: () => now },
    },
    dir,
  );
};
const reopen = (feesDaily: Record<string, string>): void => {
  signer.close();
  open(feesDaily);
};
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fees-'));
  now = Date.now();
  open({});
});
afterEach(() => {
  signer.close();
  rmSync(dir, { recursive: true, force: true });
});
const refused = (signing: Promise<unknown>, why = 'SIGNER_FEES_DAILY') =>
  expect(signing).rejects.toMatchObject({ code: 'FORBIDDEN', details: { signer: expect.stringContaining(why) } });

/** It costs 0.02 at the most. */
const payout = (n: number, over: Partial<SignIntent> = {}): SignIntent => ({
  intentId: `withdrawal:w${n}:0`,
  network: 'ethereum',
  purpose: 'withdrawal',
  asset: 'ETH',
  from: 'hot',
  to: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
  amount: '1',
  nonce: n,
  gasLimit: '100000',
  maxFeePerGas: '200000000000',
  maxPriorityFeePerGas: '1000000000',
  ...over,
});
const dearer = (n: number, at: number, maxFeePerGas: string): SignIntent =>
  payout(n, { intentId: `withdrawal:w${n}:0#${at}`, maxFeePerGas, maxPriorityFeePerGas: `${at + 1}000000000` });

test("a network's fees of 24 hours stay within its budget, whatever they are for; a replacement counts by what it is dearer, over a restart too", async () => {
  const budget = { ethereum: '0.05' };
  reopen(budget);
  await signer.sign(payout(0));
  await signer.sign(payout(1));
  await signer.sign(payout(1));
  const log = readFileSync(join(dir, 'signed.jsonl'), 'utf8');
  await refused(signer.sign(payout(2)));
  const { depositXpub: _, hotAddress } = await signer.identity('ethereum');
  await refused(signer.sign(payout(2, { intentId: 'sweep:s1', purpose: 'sweep', from: 2, to: hotAddress })));
  // Nothing that is refused is written down, nor let through.
  expect(readFileSync(join(dir, 'signed.jsonl'), 'utf8')).toBe(log);
  expect(readFileSync(join(dir, 'admitted.jsonl'), 'utf8')).not.toContain('withdrawal:w2:0');
  // Another network has its own; one that is not named has none.
  await signer.sign(payout(2, { intentId: 'withdrawal:b:0', network: 'bsc' }));
  // 0.028, of which 0.02 were counted; then 0.03.
  await signer.sign(dearer(0, 1, '280000000000'));
  reopen(budget);
  await signer.sign(dearer(0, 2, '300000000000'));
  await refused(signer.sign(dearer(1, 1, '200000000001')));
  now += DAY_MS;
  await signer.sign(payout(2));
  // What was signed the day before is the base of its replacement still.
  await signer.sign(dearer(1, 1, '300000000000'));
  await signer.sign(dearer(2, 1, '400000000000'));
  await refused(signer.sign(payout(3)));
});

test('lines of an older log, which do not say when, are old; what is dearer than they are counts', async () => {
  await signer.sign(payout(0));
  signer.close();
  const file = join(dir, 'signed.jsonl');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/,"at":\d+/, ''));
  expect(readFileSync(file, 'utf8')).not.toContain('"at"');
  open({ ethereum: '0.03' });
  await signer.sign(dearer(0, 1, '300000000000'));
  await signer.sign(payout(1));
  await refused(signer.sign(payout(2)));
});

test('on TRON one that is made anew counts anew: what it replaces may have burned its fee', async () => {
  const burn = (id: string, over: Partial<TronIntent> = {}): TronIntent => ({
    intentId: id,
    network: 'tron',
    purpose: 'withdrawal',
    asset: 'USDT',
    from: 'hot',
    to: 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8',
    amount: '5',
    feeLimit: '48000000',
    envelope: { blockBytes: '00ab', blockHash: '00112233445566aa', timestamp: now, expiration: now + 60_000 },
    ...over,
  });
  // 48 for energy and 2 besides.
  reopen({ tron: '120' });
  await signer.signTron(burn('withdrawal:w1:0'));
  now += 120_000;
  await signer.signTron(burn('withdrawal:w1:0#1'));
  now += 120_000;
  await refused(signer.signTron(burn('withdrawal:w1:0#2')));
  reopen({ tron: '120' });
  await refused(signer.signTron(burn('withdrawal:w2:0')));
  const { hotAddress } = await signer.identity('tron');
  await signer.signTron(
    burn('stake:s1', { purpose: 'stake-energy', asset: 'TRX', to: hotAddress, amount: '100', feeLimit: '0' }),
  );
  now += DAY_MS - 120_000;
  await signer.signTron(burn('withdrawal:w2:0'));
});

test('whatever is signed when, no 24 hours come above the budget', () => {
  const step = fc.record({
    payment: fc.integer({ min: 0, max: 5 }).map(String),
    cost: fc.bigInt({ min: 0n, max: 60n }),
    wait: fc.integer({ min: 0, max: DAY_MS / 2 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let at = 0;
      const budget = createFeeBudget({ net: '0.000000000000000100' }, () => at);
      const signed: { at: number; payment: string; cost: bigint }[] = [];
      const dearest = (payment: string, before = Infinity): bigint =>
        signed.reduce(
          (most, one) => (one.payment === payment && one.at <= before && one.cost > most ? one.cost : most),
          0n,
        );
      for (const { payment, cost, wait } of steps) {
        at += wait;
        const fee = { network: 'net', payment, cost };
        try {
          budget.check(fee);
        } catch {
          continue;
        }
        signed.push({ at, payment, cost });
        budget.add(fee, at);
        const of = [...new Set(signed.map((one) => one.payment))];
        const within = of.reduce((sum, one) => sum + dearest(one) - dearest(one, at - DAY_MS), 0n);
        expect(within <= parseAmount('0.000000000000000100')).toBe(true);
      }
    }),
  );
});
