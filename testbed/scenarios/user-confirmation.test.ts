/**
 * After a user has confirmed a withdrawal with a passkey, the exchange itself is the thief: its wallets ask the signer for another payment, or
 * its tables, triggers and chain of records have been rewritten by somebody who knows how. What holds is the signer's own register.
 */
import { CHAINS, chainHeads, hashOfRow } from '../../db/chains';
import { saveApproval } from '../../db/stores/approvals';
import type { SignIntent, Signer, SignedPasskeyChange } from '../../domain/contract/ports';
import { parseAmount } from '../../domain/money/amount';
import { TestPasskey } from '../../domain/lifecycle/testing';
import { testAdmin } from '../../wallets/keys/testing';
import type { TestAdmin } from '../../wallets/keys/testing';
import { freshAddress } from '../emulators/evm/stranger';
import { approvalOf } from '../stage/approve';
import { EvmStage, ORIGIN, until } from '../stage/evm-stage';

let stage: EvmStage;
let thief: string;
let ann: TestAdmin;
let n = 0;
const passkey = new TestPasskey(ORIGIN);
const firstOf = (userId: string, key: TestPasskey): SignedPasskeyChange => ({
  userId,
  change: 'add',
  credentialId: key.credentialId,
  publicKey: key.publicKey,
  expiresAt: Date.now() + 60_000,
});
beforeAll(async () => {
  stage = await EvmStage.open();
  ann = testAdmin('ann@example.org', stage.dir);
  await stage.start();
  await stage.tenEther();
  await stage.signer.changePasskey(firstOf('u1', passkey));
  thief = freshAddress();
});
afterAll(() => stage.close());
/** What the wallets make of an intent before it goes to the signer. */
let bend: (intent: SignIntent) => SignIntent = (intent) => intent;
const bent = (): Signer => ({
  ...stage.signer,
  sign: (intent) => stage.signer.sign(intent.purpose === 'withdrawal' ? bend(intent) : intent),
});

/** Asked for as the page asks, with the owner's confirmation or without. */
async function request(to: string, isConfirmed = true): Promise<string> {
  const id = `w${++n}`;
  const payment = { userId: 'u1', withdrawalId: id, network: 'ethereum', asset: 'ETH', to, memo: null, amount: '0.1' };
  const confirmation = passkey.confirm({ ...payment, expiresAt: Date.now() + 600_000 });
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
    ...(isConfirmed && { confirmation }),
  });
  await stage.engine.submit(await approvalOf(stage.engine, id, `approve:${id}`));
  return id;
}
const isBack = (id: string): Promise<true> =>
  until(
    `${id} is back in review`,
    async () => (await stage.stateOf(id)) === 'REQUESTED',
    () => stage.mine(),
  );
/** Why the signer refused a payout of this withdrawal. */
const refusals = (id: string): string[] =>
  stage.alerts.flatMap((event) =>
    event.name === 'alert' &&
    event.code === 'SIGNER_REFUSED' &&
    String(event.details?.intentId).startsWith(`withdrawal:${id}:`)
      ? [String(event.details?.signer)]
      : [],
  );

test('what was confirmed is paid; what was not is refused, and waits for a person', async () => {
  const [to, other] = [freshAddress(), freshAddress()];
  await stage.confirmed(await request(to));
  expect(await stage.onChain(to, 'ETH')).toBe(parseAmount('0.1'));
  const id = await request(other, false);
  await isBack(id);
  expect(refusals(id)).toEqual(['its owner has passkeys and has not confirmed it']);
  expect(await stage.onChain(other, 'ETH')).toBe(0n);
});

const word = (intent: SignIntent, over: Partial<SignIntent>): SignIntent => ({ ...intent, ...over });
test.each<[string, (intent: SignIntent) => SignIntent, string]>([
  ['receiver', (intent) => word(intent, { to: thief }), 'something else'],
  ['amount', (intent) => word(intent, { amount: '4' }), 'something else'],
  ['asset', (intent) => word(intent, { asset: 'USDT', gasLimit: '90000' }), 'something else'],
  ['withdrawal', (intent) => word(intent, { intentId: 'withdrawal:another:0' }), 'something else'],
  [
    'confirmation, by a key of their own',
    (intent) =>
      word(intent, {
        to: thief,
        confirmation: new TestPasskey(ORIGIN).confirm({
          userId: 'u1',
          withdrawalId: `w${n}`,
          network: 'ethereum',
          asset: 'ETH',
          to: thief,
          memo: null,
          amount: '0.1',
          expiresAt: Date.now() + 600_000,
        }),
      }),
    'no passkey of user u1',
  ],
  [
    'confirmation left out',
    (intent) => ({ ...word(intent, { to: thief }), confirmation: undefined }),
    'has not confirmed',
  ],
])(
  'wallets that ask for another %s are refused; once they are honest and an admin has looked, it is paid',
  async (_what, change, why) => {
    await stage.stop();
    bend = change;
    const to = freshAddress();
    const id = await request(to);
    await stage.start({}, bent());
    await isBack(id);
    // The alert names the plan of the wallets, whatever they asked for.
    expect(refusals(id).join()).toContain(why);
    expect([await stage.onChain(thief, 'ETH'), await stage.onChain(to, 'ETH')]).toEqual([0n, 0n]);
    bend = (intent) => intent;
    const {
      key: keyId,
      at,
      feeCap,
      signature,
    } = ann.approve({ intentId: `withdrawal:${id}:1`, network: 'ethereum', asset: 'ETH', to, amount: '0.1' });
    await saveApproval(stage.database.dataSource.manager, {
      withdrawalId: id,
      round: 1,
      adminId: 'ann',
      keyId,
      at,
      feeCap,
      signature,
    });
    await stage.engine.submit(await approvalOf(stage.engine, id, `approve:${id}:again`));
    await stage.confirmed(id);
    expect(await stage.onChain(to, 'ETH')).toBe(parseAmount('0.1'));
  },
);

/** The record of a request with another receiver, chained anew, as somebody would leave it who knows all of the tables. */
async function rewriteRecord(id: string, to: string, confirmation: string | null): Promise<void> {
  // As its owner: the application's user may not change a record.
  const { owner: dataSource } = stage.database;
  await dataSource.query(
    "UPDATE withdrawal_records SET body = JSON_SET(body, '$.address', ?) WHERE withdrawal_id = ? AND step = 'request'",
    [to, id],
  );
  if (confirmation !== null)
    await dataSource.query(
      "UPDATE withdrawal_records SET body = JSON_SET(body, '$.confirmation', ?) WHERE withdrawal_id = ? AND step = 'request'",
      [confirmation, id],
    );
  await dataSource.query('UPDATE withdrawals SET address = ? WHERE id = ?', [to, id]);
  const columns = CHAINS.withdrawal_records.map((column) => `CONVERT(${column} USING utf8mb4) AS ${column}`).join(', ');
  const rows = await stage.rows<Record<string, string>>(
    `SELECT place, ${columns} FROM withdrawal_records ORDER BY place`,
  );
  let before = '0'.repeat(64);
  for (const row of rows) {
    before = hashOfRow(
      before,
      Number(row.place),
      CHAINS.withdrawal_records.map((column) => row[column] ?? null),
    );
    await dataSource.query('UPDATE withdrawal_records SET hash = ? WHERE place = ?', [before, row.place]);
  }
  await dataSource.query("UPDATE chain_heads SET hash = ? WHERE name = 'withdrawal_records'", [before]);
  expect((await chainHeads(dataSource)).find(({ chain }) => chain === 'withdrawal_records')?.hash).toBe(before);
}

test.each<[string, (id: string) => string | null]>([
  ['as it was', () => null],
  [
    "made anew, by a thief's key",
    (id) =>
      JSON.stringify(
        new TestPasskey(ORIGIN).confirm({
          userId: 'u1',
          withdrawalId: id,
          network: 'ethereum',
          asset: 'ETH',
          to: thief,
          memo: null,
          amount: '0.1',
          expiresAt: Date.now() + 600_000,
        }),
      ),
  ],
  [
    'of an earlier withdrawal to another receiver',
    () =>
      JSON.stringify(
        passkey.confirm({
          userId: 'u1',
          withdrawalId: 'w1',
          network: 'ethereum',
          asset: 'ETH',
          to: thief,
          memo: null,
          amount: '0.1',
          expiresAt: Date.now() + 600_000,
        }),
      ),
  ],
])(
  'the record, its chain and the row are rewritten before a new start of the engine, the confirmation %s: not signed',
  async (_what, made) => {
    await stage.stop();
    const id = await request(freshAddress());
    await rewriteRecord(id, thief, made(id));
    await stage.engine.stop();
    await stage.reopen((listing) => listing);
    // To the engine it is what was asked for: nothing before the signer could know better.
    expect(await stage.engine.recordedWithdrawals([id])).toMatchObject([
      { address: thief, stage: 'APPROVED', intact: true },
    ]);
    await stage.start();
    await isBack(id);
    expect(refusals(id)).toHaveLength(1);
    expect(await stage.onChain(thief, 'ETH')).toBe(0n);
  },
);

test('a passkey that somebody wrote into the table is none to the signer', async () => {
  const mine = new TestPasskey(ORIGIN);
  await expect(stage.signer.changePasskey(firstOf('u1', mine))).rejects.toMatchObject({ code: 'CONFIRMATION_REFUSED' });
});
