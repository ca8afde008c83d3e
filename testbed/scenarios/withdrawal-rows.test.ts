/**
 * A writer in the database against withdrawals: each column of the row in turn, before an admin looks and before the
 * wallets pay, and the wallets' own plan before it is signed. The signer here signs whatever it is asked: what holds
 * is before it.
 */
import type { Signer } from '../../domain/contract/ports';
import { parseAmount } from '../../domain/money/amount';
import { freshAddress } from '../emulators/evm/stranger';
import { approvalOf } from '../stage/approve';
import { EvmStage, until } from '../stage/evm-stage';

let stage: EvmStage;
let thief: string;
let n = 0;
beforeAll(async () => {
  stage = await EvmStage.open();
  await stage.start();
  await stage.tenEther();
  thief = freshAddress();
});
afterAll(() => stage.close());

const request = async (to: string): Promise<string> => {
  const id = `w${++n}`;
  await stage.engine.submit({
    kind: 'withdrawal.request',
    reference: `withdrawal:u1:${id}`,
    withdrawalId: id,
    userId: 'u1',
    asset: 'ETH',
    network: 'ethereum',
    address: to,
    amount: '0.1',
    fee: '0.003',
  });
  return id;
};
/** As an exchange would that believes the row: the admin sees it, signs it, and it is approved. */
async function approveAsShown(id: string): Promise<string> {
  const [row] = await stage.rows<{
    network: string;
    asset: string;
    address: string;
    memo: string | null;
    amount: string;
  }>('SELECT network, asset, address, memo, amount FROM withdrawals WHERE id = ?', [id]);
  if (!row) return 'no such row';
  const { memo, ...seen } = row;
  return stage.engine
    .submit({
      kind: 'withdrawal.approve',
      reference: `approve:${id}`,
      withdrawalId: id,
      adminId: 'boss',
      seen: { ...seen, ...(memo !== null && { memo }) },
    })
    .then(
      () => 'approved',
      (error: { code: string }) => error.code,
    );
}
const told = (id: string): string[] =>
  stage.alerts.flatMap((event) =>
    event.name === 'alert' && event.code === 'WITHDRAWAL_CHANGED' && event.details?.withdrawalId === id
      ? [`${String(event.details.table)}: ${(event.details.columns as string[]).join()}`]
      : [],
  );
const someRounds = async (): Promise<void> => {
  await stage.mine(4);
  await stage.catchUp();
  await stage.engine.lookAtWithdrawals();
  await stage.engine.lookAtWithdrawals();
};
const change = (id: string, column: string, value: string): Promise<unknown> =>
  stage.rows(`UPDATE withdrawals SET ${column} = ${value.replace('THIEF', thief)} WHERE id = ?`, [id]);

/** Every column that says what is paid, to whom, when or how often; and what happens to an approval by the row. */
const COLUMNS: [string, string, string][] = [
  ['address', "'THIEF'", 'WITHDRAWAL_CHANGED'],
  ['amount', "'4'", 'WITHDRAWAL_CHANGED'],
  ['asset', "'USDT'", 'WITHDRAWAL_CHANGED'],
  ['network', "'bsc'", 'WITHDRAWAL_CHANGED'],
  ['memo', "'7'", 'WITHDRAWAL_CHANGED'],
  ['user_id', "'thief'", 'approved'],
  ['fee', "'0'", 'approved'],
  ['created_at', '5', 'approved'],
  ['attempt', '7', 'approved'],
  ['id', "CONCAT(id, 'x')", 'no such row'],
];
const nameOf = (column: string): string => column.replace(/_(.)/, (_all, letter: string) => letter.toUpperCase());

test.each(COLUMNS)(
  '%s changed before the review: nothing is paid, and the alert names it',
  async (column, value, outcome) => {
    const id = await request(freshAddress());
    await change(id, column, value);
    expect(await approveAsShown(id)).toBe(outcome);
    await someRounds();
    expect(await stage.onChain(thief, 'ETH')).toBe(0n);
    expect(told(id).join(' ')).toContain(nameOf(column));
    expect(await stage.rows('SELECT id FROM chain_transactions WHERE subject IN (?)', [[id, `${id}x`]])).toEqual([]);
  },
);

test.each(COLUMNS)(
  '%s changed between approval and payment: nothing is paid, and the alert names it',
  async (column, value) => {
    await stage.stop();
    const id = await request(freshAddress());
    await stage.engine.submit(await approvalOf(stage.engine, id, `approve:${id}`));
    await change(id, column, value);
    await stage.start();
    await someRounds();
    expect(await stage.onChain(thief, 'ETH')).toBe(0n);
    expect(told(id).join(' ')).toContain(nameOf(column));
    expect(await stage.rows('SELECT id FROM chain_transactions WHERE subject IN (?)', [[id, `${id}x`]])).toEqual([]);
  },
);

test.each([
  ['APPROVED', false],
  ['SIGNED', false],
  ['CONFIRMED', true],
  ['REQUESTED', true],
])('a row set to %s by hand moves nothing', async (state, approved) => {
  await stage.stop();
  const id = await request(thief);
  if (approved) await stage.engine.submit(await approvalOf(stage.engine, id, `approve:${id}`));
  await change(id, 'state', `'${state}'`);
  await stage.start();
  await someRounds();
  expect(await stage.onChain(thief, 'ETH')).toBe(0n);
  expect(told(id)).toEqual(['withdrawals: state']);
});

test.each([
  ['to_address', 'THIEF', 'address'],
  ['amount', '4', 'amount'],
])("the wallets' own plan with another %s is not signed: back to review", async (column, value, named) => {
  await stage.stop();
  let away = true;
  const signer: Signer = {
    ...stage.signer,
    sign: (intent) => (away ? Promise.reject(new Error('away')) : stage.signer.sign(intent)),
    identity: (network) => stage.signer.identity(network),
  };
  await stage.start({}, signer);
  const to = freshAddress();
  const id = await request(to);
  await stage.engine.submit(await approvalOf(stage.engine, id, `approve:${id}`));
  await until(
    'a plan',
    async () =>
      (await stage.rows("SELECT id FROM chain_transactions WHERE subject = ? AND state = 'PLANNED'", [id])).length ===
      1,
  );
  await stage.rows(`UPDATE chain_transactions SET ${column} = ? WHERE subject = ?`, [
    value.replace('THIEF', thief),
    id,
  ]);
  away = false;
  await until(
    'back in review',
    async () => (await stage.stateOf(id)) === 'REQUESTED',
    () => stage.mine(),
  );
  await someRounds();
  expect([await stage.onChain(thief, 'ETH'), await stage.onChain(to, 'ETH')]).toEqual([0n, 0n]);
  expect(told(id)).toContain(`chain_transactions: ${named}`);
  // A person looks, and it is paid as it was asked for.
  await stage.engine.submit(await approvalOf(stage.engine, id, `approve:${id}:again`));
  await stage.confirmed(id);
  expect(await stage.onChain(to, 'ETH')).toBe(parseAmount('0.1'));
});

test('what nobody touched is paid beside all of them, and the row that was put right is too', async () => {
  const [to, other] = [freshAddress(), freshAddress()];
  const id = await request(to);
  await stage.engine.submit(await approvalOf(stage.engine, id, `approve:${id}`));
  await stage.confirmed(id);
  await stage.stop();
  const mended = await request(other);
  await stage.engine.submit(await approvalOf(stage.engine, mended, `approve:${mended}`));
  await change(mended, 'address', "'THIEF'");
  await stage.start();
  await someRounds();
  await change(mended, 'address', `'${other}'`);
  await stage.confirmed(mended);
  expect([
    await stage.onChain(to, 'ETH'),
    await stage.onChain(other, 'ETH'),
    await stage.onChain(thief, 'ETH'),
  ]).toEqual([parseAmount('0.1'), parseAmount('0.1'), 0n]);
});
