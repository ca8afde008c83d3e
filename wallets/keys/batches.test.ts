/** What the signer makes of batches: no node and no database, the transactions that made our coins are made here. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transaction } from 'bitcoinjs-lib';
import { Mnemonic } from 'ethers';
import fc from 'fast-check';
import type { UtxoIntent, CoinPayment, Signer } from '../../domain/contract/ports';
import { accountKeysOf, accountOf, scriptOf } from '../chains/bitcoin/addresses';
import { planGathering, planPayments, splitFee } from '../chains/bitcoin/coins';
import type { Coin, Payment, Plan } from '../chains/bitcoin/coins';
import { buildPsbt } from '../chains/bitcoin/psbt';
import type { Builder } from '../chains/bitcoin/psbt';
import { createSigner } from '.';
import type { ApprovalRules } from '.';
import { openRules, rulesOf, testAdmin } from './testing';

const mnemonic = Mnemonic.fromPhrase(
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about',
);
const keys = accountKeysOf(Buffer.from(mnemonic.computeSeed().slice(2), 'hex'), 'regtest');
const account = accountOf(keys.xpub, 'regtest');
const others = accountOf(accountKeysOf(Buffer.alloc(64, 7), 'regtest').xpub, 'regtest');
const script = (address: string): Uint8Array => scriptOf(address, 'regtest') ?? new Uint8Array();
const btc = (satoshi: bigint): string =>
  `${satoshi / 100_000_000n}.${(satoshi % 100_000_000n).toString().padStart(8, '0')}`.replace(/\.?0+$/, '');

const made = new Map<string, string>();
let coins = 0;
/** A coin of ours, and the transaction that made it. */
function coin(value: bigint): Coin {
  const child = coins++;
  const maker = new Transaction();
  maker.version = 2;
  maker.addInput(Buffer.alloc(32, 9), child);
  maker.addOutput(account.own(0, child).script, value);
  made.set(maker.getId(), maker.toHex());
  return { txid: maker.getId(), index: 0, value, branch: 0, child };
}
const builder: Builder = {
  account,
  network: 'regtest',
  fingerprint: keys.fingerprint,
  changeIndex: 3,
  transaction: (txid) => made.get(txid) ?? '',
};

let dir: string;
let signer: Signer & { close(): void };
const open = (approvals: ApprovalRules = openRules, feesDaily: Record<string, string> = {}): void => {
  signer = createSigner(
    mnemonic,
    {
      networks: {},
      maxGasCost: '0',
      approvals,
      feesDaily,
      coins: { bitcoin: { chain: 'regtest', asset: 'BTC', maxFee: '0.0005', maxPayout: '0.5' } },
    },
    dir,
  );
};
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'batches-'));
  open();
});
afterEach(() => {
  signer.close();
  rmSync(dir, { recursive: true, force: true });
});

interface Member {
  readonly id: string;
  readonly to: string;
  readonly value: bigint;
}
let n = 0;
const member = (value: bigint, to = others.own(0, ++n).address): Member => ({ id: `w${++n}`, to, value });
const outputOf = ({ to, value }: Member): Payment => ({ script: script(to), value });
const paymentOf = ({ id, to, value }: Member): CoinPayment => ({
  to,
  amount: btc(value),
  payout: `withdrawal:${id}:0`,
});
const intentOf = (
  plan: Plan,
  payments: readonly CoinPayment[],
  over: Partial<UtxoIntent> = {},
  by: Partial<Builder> = {},
): UtxoIntent => ({
  intentId: `batch:b${++n}`,
  network: 'bitcoin',
  purpose: 'withdrawal',
  asset: 'BTC',
  payments,
  psbt: buildPsbt(plan, { ...builder, ...by }),
  ...over,
});
const refused = (intent: UtxoIntent, why: string, payout?: string): Promise<void> =>
  expect(signer.signUtxo(intent)).rejects.toMatchObject({
    code: 'FORBIDDEN',
    details: { signer: expect.stringMatching(why), ...(payout !== undefined && { payout }) },
  });
const written = (): string =>
  ['signed-coins.jsonl', 'admitted.jsonl'].map((file) => readFileSync(join(dir, file), 'utf8')).join('');

test('a batch is its payments and nothing else: two to one address are two outputs', async () => {
  const twice = others.own(0, 1).address;
  const members = [member(10_000_000n, twice), member(10_000_000n, twice), member(20_000_000n), member(30_000_000n)];
  const plan = planPayments([coin(100_000_000n)], members.map(outputOf), 5000n);
  const payments = members.map(paymentOf);
  const [first, second, third] = payments as [CoinPayment, CoinPayment, CoinPayment];
  const stranger = { script: others.own(0, 99).script, value: 1000n };
  const rows: [what: string, intent: UtxoIntent, why: string][] = [
    [
      'a payment is missing in the transaction',
      intentOf({ ...plan, payments: plan.payments.slice(1), change: plan.change + 10_000_000n }, payments),
      'a payment is missing',
    ],
    ['a payment is missing in the intent', intentOf(plan, payments.slice(1)), 'an output that nobody asked for'],
    [
      'one of two to one address is missing',
      intentOf({ ...plan, payments: plan.payments.slice(1), change: plan.change + 10_000_000n - 100n }, payments),
      'a payment is missing',
    ],
    [
      'an output twice',
      intentOf(
        { ...plan, payments: [...plan.payments, outputOf(members[2] as Member)], change: plan.change - 20_000_000n },
        payments,
      ),
      'an output that nobody asked for',
    ],
    [
      'a withdrawal twice',
      intentOf(
        { ...plan, payments: [...plan.payments, outputOf(members[2] as Member)], change: plan.change - 20_000_000n },
        [...payments, third],
      ),
      'a withdrawal twice',
    ],
    [
      'a withdrawal twice, in two rounds',
      intentOf(
        { ...plan, payments: [...plan.payments, outputOf(members[2] as Member)], change: plan.change - 20_000_000n },
        [...payments, { ...third, payout: third.payout?.replace(/0$/, '1') ?? '' }],
      ),
      'a withdrawal twice',
    ],
    [
      'one payment more',
      intentOf({ ...plan, payments: [...plan.payments, stranger], change: plan.change - 1000n }, payments),
      'an output that nobody asked for',
    ],
    [
      'a payment of more',
      intentOf(
        {
          ...plan,
          payments: plan.payments.map((payment, at) =>
            at === 2 ? { ...payment, value: payment.value + 1n } : payment,
          ),
          change: plan.change - 1n,
        },
        payments,
      ),
      'an output that nobody asked for',
    ],
    [
      'two change places',
      intentOf(
        {
          ...plan,
          payments: plan.payments.map((payment, at) =>
            at === 2 ? { ...payment, script: script(members[3]?.to ?? '') } : payment,
          ),
        },
        payments,
      ),
      'an output that nobody asked for',
    ],
    [
      'change to somebody else',
      intentOf(
        plan,
        payments,
        {},
        { account: { own: (branch, index) => (branch === 1 ? others : account).own(branch, index) } },
      ),
      'change that is not ours',
    ],
    ['change left to the miners', intentOf({ ...plan, change: 0n }, payments), 'a fee that is none or too high'],
    ['no payment at all', intentOf(plan, []), 'not an intent'],
    [
      'a payment without a name',
      intentOf(plan, [...payments.slice(0, 3), { to: first.to, amount: first.amount }]),
      'not an intent',
    ],
    [
      'a name that is no withdrawal',
      intentOf(plan, [{ ...first, payout: 'venue:v1' }, ...payments.slice(1)]),
      'not an intent',
    ],
    [
      'two payments to the venue',
      intentOf(
        plan,
        [first, second].map(({ to, amount }) => ({ to, amount })),
        { purpose: 'venue' },
      ),
      'not an intent',
    ],
    [
      'a payment, called a consolidation',
      intentOf(plan, [{ to: first.to, amount: first.amount }], { purpose: 'consolidation' }),
      'not an intent',
    ],
    [
      'payments, called a consolidation',
      intentOf(plan, [], { purpose: 'consolidation' }),
      'an output that nobody asked for',
    ],
    ['payments, called a child', intentOf(plan, [], { purpose: 'cpfp' }), 'an output that nobody asked for'],
    ['another purpose', intentOf(plan, payments, { purpose: 'toString' as 'cold' }), 'not an intent'],
  ];
  // What is there beside the payments is taken for the change where it comes first.
  const either = 'an output that nobody asked for';
  for (const [, intent, why] of rows)
    await refused(intent, why === either ? '(an output that nobody asked for|no key, or several)' : why);
  expect(written()).toBe('');
  await signer.signUtxo(intentOf(plan, payments));
});

test('a member above the limit, or to ourselves, is named; nothing of the batch is written down', async () => {
  const small = member(10_000_000n);
  for (const [bad, why] of [
    [member(50_000_001n), 'above 0.5'],
    [member(10_000_000n, account.own(1, 0).address), 'from us to us'],
  ] as const) {
    const plan = planPayments([coin(100_000_000n)], [small, bad].map(outputOf), 5000n);
    await refused(intentOf(plan, [small, bad].map(paymentOf)), why, `withdrawal:${bad.id}:0`);
  }
  expect(written()).toBe('');
});

test("each member needs its own approvals; the others count against the limits with it; a fee is each one's part", async () => {
  signer.close();
  const ann = testAdmin('ann@example.org', dir);
  open(rulesOf({ BTC: { auto: '0.1', autoDaily: '0.25', fourEyes: '10' } }));
  const members = [member(10_000_000n), member(10_000_000n), member(10_000_000n), member(30_000_000n)];
  const [, , third, large] = members as [Member, Member, Member, Member];
  const plan = planPayments([coin(100_000_000n)], members.map(outputOf), 5000n);
  const payments = (approved: readonly Member[], feeCap = '1') =>
    members.map((one) => {
      const { to, amount, payout = '' } = paymentOf(one);
      return {
        to,
        amount,
        payout,
        approvals: approved.includes(one)
          ? [ann.approve({ intentId: payout, network: 'bitcoin', asset: 'BTC', to, amount }, { feeCap })]
          : [],
      };
    });
  // Three small ones are above what may leave in a day with nobody's word; two would not be.
  await refused(intentOf(plan, payments([large])), '1 more approval', `withdrawal:${third.id}:0`);
  await refused(intentOf(plan, payments([third])), '1 more approval', `withdrawal:${large.id}:0`);
  // Another's approval does not count for it.
  const swapped = payments([third]).map((payment, at, all) => ({
    ...payment,
    ...(at === 3 && { approvals: all[2]?.approvals ?? [] }),
  }));
  await refused(intentOf(plan, swapped), 'not of this payment', `withdrawal:${large.id}:0`);
  const shares = splitFee(
    plan.fee,
    plan.payments.map(({ script: output }) => output),
  );
  const share = shares[3] ?? 0n;
  await refused(
    intentOf(plan, payments([third, large], btc(share - 1n))),
    'it would cost more',
    `withdrawal:${third.id}:0`.replace(third.id, (shares[2] ?? 0n) > share - 1n ? third.id : large.id),
  );
  expect(written()).toBe('');
  await signer.signUtxo(intentOf(plan, payments([third, large], btc(share))));
  expect(readFileSync(join(dir, 'admitted.jsonl'), 'utf8').trim().split('\n')).toHaveLength(4);
});

test('what one admin lets through alone is summed within a batch too, with what was signed before it', async () => {
  signer.close();
  const [ann, bob] = [testAdmin('ann@example.org', dir), testAdmin('bob@example.org', dir)];
  open(rulesOf({ BTC: { auto: '0', autoDaily: '0', fourEyes: '0.1', fourEyesDaily: '0.3' } }));
  const approved = (one: Member, ...admins: (typeof ann)[]): CoinPayment => {
    const { to, amount, payout = '' } = paymentOf(one);
    return {
      to,
      amount,
      payout,
      approvals: admins.map((admin) =>
        admin.approve({ intentId: payout, network: 'bitcoin', asset: 'BTC', to, amount }),
      ),
    };
  };
  const before = member(10_000_000n);
  await signer.signUtxo(
    intentOf(planPayments([coin(20_000_000n)], [outputOf(before)], 5000n), [approved(before, ann)]),
  );
  const members = [member(10_000_000n), member(10_000_000n), member(10_000_000n)] as [Member, Member, Member];
  const [one, two, three] = members;
  const plan = planPayments([coin(100_000_000n)], members.map(outputOf), 5000n);
  const log = written();
  await refused(
    intentOf(
      plan,
      members.map((each) => approved(each, ann)),
    ),
    'fourEyesDaily of BTC',
    `withdrawal:${three.id}:0`,
  );
  expect(written()).toBe(log);
  await signer.signUtxo(intentOf(plan, [approved(one, ann), approved(two, ann), approved(three, ann, bob)]));
});

test('what all transactions of 24 hours leave to the miners is bounded, by the log of the signer itself; a replacement counts by what it is dearer', async () => {
  let now = Date.now();
  const rules = { ...openRules, now: () => now };
  const reopen = (daily: bigint): void => {
    signer.close();
    open(rules, { bitcoin: btc(daily) });
  };
  const spend = (id: string): { intent: UtxoIntent; plan: Plan; dearer(more: bigint, n: number): UtxoIntent } => {
    const one = member(10_000_000n);
    const plan = planPayments([coin(20_000_000n)], [outputOf(one)], 5000n);
    const payments = [paymentOf(one)];
    return {
      intent: intentOf(plan, payments, { intentId: id }),
      plan,
      dearer: (more, at) => intentOf({ ...plan, change: plan.change - more }, payments, { intentId: `${id}#${at}` }),
    };
  };
  const [first, second, third] = [spend('batch:one'), spend('batch:two'), spend('batch:three')];
  const { fee } = first.plan;
  reopen(2n * fee + 500n);
  await signer.signUtxo(first.intent);
  await signer.signUtxo(second.intent);
  // What was signed is given away again, and counts once.
  await signer.signUtxo(second.intent);
  const log = written();
  await refused(third.intent, 'SIGNER_FEES_DAILY');
  // Nobody's money, and all the same: a consolidation is bounded as well.
  await refused(
    intentOf({ ...planGathering([coin(1_000_000n), coin(2_000_000n)], 5000n) }, [], {
      purpose: 'consolidation',
      intentId: 'consolidation:c1',
    }),
    'SIGNER_FEES_DAILY',
  );
  expect(written()).toBe(log);
  await signer.signUtxo(first.dearer(400n, 1));
  await refused(second.dearer(101n, 1), 'SIGNER_FEES_DAILY');
  reopen(2n * fee + 500n);
  await refused(second.dearer(101n, 1), 'SIGNER_FEES_DAILY');
  await signer.signUtxo(second.dearer(100n, 1));
  now += 86_400_001;
  await signer.signUtxo(third.intent);
  // Lines of older logs do not say when: they are old.
  signer.close();
  const file = join(dir, 'signed-coins.jsonl');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/,"at":\d+/g, ''));
  open(rules, { bitcoin: btc(fee) });
  await signer.signUtxo(spend('batch:four').intent);
  await refused(spend('batch:five').intent, 'SIGNER_FEES_DAILY');
});

test('E29 a withdrawal is signed away once, whatever its round and whatever the batch, also by what an older log says', async () => {
  const [one, two, three] = [member(10_000_000n), member(10_000_000n), member(10_000_000n)];
  const plan = planPayments([coin(50_000_000n)], [one, two].map(outputOf), 5000n);
  const right = intentOf(plan, [one, two].map(paymentOf));
  const { txid } = await signer.signUtxo(right);
  signer.close();
  // As it was written while a transaction paid one receiver.
  const [line = ''] = readFileSync(join(dir, 'signed-coins.jsonl'), 'utf8').split('\n');
  const { payments, ...rest } = JSON.parse(line) as { payments: CoinPayment[] } & Record<string, unknown>;
  expect(payments).toHaveLength(2);
  const old = { ...rest, intentId: 'withdrawal:older:0', inputs: [`${'ab'.repeat(32)}:0`], to: one.to, amount: '0.1' };
  writeFileSync(join(dir, 'signed-coins.jsonl'), `${line}\n${JSON.stringify(old)}\n`);
  open();
  expect((await signer.signUtxo(right)).txid).toBe(txid);
  const [, second] = [one, two].map(paymentOf);
  const next = planPayments([coin(50_000_000n)], [two, three].map(outputOf), 5000n);
  for (const payout of [
    'withdrawal:older:0',
    'withdrawal:older:3',
    second?.payout ?? '',
    (second?.payout ?? '').replace(/0$/, '1'),
  ]) {
    await refused(intentOf(next, [{ ...paymentOf(two), payout }, paymentOf(three)]), `${payout} is paid by`, payout);
  }
  // Refused above with it, the third one was never signed: it is free for another batch.
  await signer.signUtxo(intentOf(planPayments([coin(50_000_000n)], [three].map(outputOf), 5000n), [paymentOf(three)]));
});

test('any batch that was planned is signed, with each output there; with any one payment changed it is not', async () => {
  const kinds = [0, 1, 2]
    .map((child) => others.own(0, child).address)
    .concat('bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6', '2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm');
  const batch = fc.array(
    fc.record({
      kind: fc.integer({ min: 0, max: kinds.length - 1 }),
      value: fc.bigInt({ min: 1000n, max: 40_000_000n }),
    }),
    { minLength: 1, maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(
      batch,
      fc.bigInt({ min: 1000n, max: 20_000n }),
      fc.nat(),
      fc.constantFrom(-1n, 1n),
      async (wished, rate, which, by) => {
        const members = wished.map(({ kind, value }) => member(value, kinds[kind]));
        const plan = planPayments([coin(600_000_000n)], members.map(outputOf), rate);
        const at = which % members.length;
        const changed = members.map((one, index) => paymentOf(index === at ? { ...one, value: one.value + by } : one));
        // Unless it is another one's amount to the same place by chance, and then its own is missing.
        await expect(signer.signUtxo(intentOf(plan, changed))).rejects.toMatchObject({ code: 'FORBIDDEN' });
        await expect(signer.signUtxo(intentOf(plan, changed.slice(0, -1)))).rejects.toMatchObject({
          code: 'FORBIDDEN',
        });
        const { rawTransaction } = await signer.signUtxo(intentOf(plan, members.map(paymentOf)));
        const { outs } = Transaction.fromHex(rawTransaction);
        expect(outs).toHaveLength(members.length + (plan.change > 0n ? 1 : 0));
        expect(600_000_000n - outs.reduce((sum, { value }) => sum + value, 0n)).toBe(plan.fee);
      },
    ),
    { numRuns: 25 },
  );
});

test("what comes back to us needs nobody's word: one output of ours, a fee within the limit, and coins that are no one else's", async () => {
  signer.close();
  open(rulesOf({}));
  for (const purpose of ['consolidation', 'cpfp'] as const) {
    const plan = planGathering([coin(1_000_000n), coin(2_000_000n)], 5000n);
    const home = (over: Partial<Plan> = {}, by: Partial<Builder> = {}, id = `${purpose}:${++n}`): UtxoIntent =>
      intentOf({ ...plan, ...over }, [], { purpose, intentId: id }, by);
    const abroad = {
      account: { own: (branch: 0 | 1, index: number) => (branch === 1 ? others : account).own(branch, index) },
    };
    await refused(home({}, abroad), 'change that is not ours');
    await refused(
      home({ payments: [{ script: account.own(0, 3).script, value: 1000n }], change: plan.change - 1000n }),
      '(an output that nobody asked for|no key, or several)',
    );
    await refused(
      home({ payments: [{ script: account.own(1, 3).script, value: plan.change }], change: 0n }),
      'no key, or several',
    );
    await refused(home({ change: plan.change - 50_000n }), 'a fee that is none or too high');
    const id = `${purpose}:${++n}`;
    await signer.signUtxo(home({}, {}, id));
    await refused(home(), 'was signed away');
    await refused(home({ change: plan.change + 1n }, {}, `${id}#1`), 'a replacement pays the same');
    await signer.signUtxo(home({ change: plan.change - 2000n }, {}, `${id}#1`));
  }
});

test('the largest batch there is, of a hundred coins to a hundred receivers, is signed well within the time that is given', async () => {
  const members = Array.from({ length: 100 }, () => member(900_000n));
  const plan = planPayments(
    Array.from({ length: 95 }, () => coin(1_000_000n)),
    members.map(outputOf),
    5000n,
  );
  const { rawTransaction } = await signer.signUtxo(intentOf(plan, members.map(paymentOf)));
  const transaction = Transaction.fromHex(rawTransaction);
  expect([
    transaction.ins.length > 90,
    transaction.outs.length >= 100,
    BigInt(transaction.virtualSize()) <= plan.vsize,
    rawTransaction.length < 65_535,
  ]).toEqual([true, true, true, true]);
});
