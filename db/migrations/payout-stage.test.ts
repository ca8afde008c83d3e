import { databaseBefore } from '../testing';
import { migrate } from '../migrate';

test('what wallets had written into the state becomes a stage of its own, and is shown as before', async () => {
  const { owner, close } = await databaseBefore('PayoutStage1764990000000');
  try {
    const states = [
      'REQUESTED',
      'APPROVED',
      'WAITING_FUNDS',
      'SIGNED',
      'BROADCAST',
      'CONFIRMED',
      'REJECTED',
      'CANCELED',
    ];
    for (const state of states)
      await owner.query(
        `INSERT INTO withdrawals (id, user_id, asset, network, address, amount, fee, pull_back_fee, state, attempt, confirmations, created_at, updated_at)
         VALUES (?, 'u', 'ETH', 'ethereum', 'a', 1, 0, 0, ?, 2, 0, 1, 1)`,
        [state, state],
      );
    await migrate(owner);
    const rows = async (): Promise<Record<string, string | null>[]> =>
      (await owner.query(
        'SELECT id, state, payout_stage AS stage, shown_state AS shown FROM withdrawals ORDER BY id',
      )) as Record<string, string | null>[];
    for (const { id, state, stage, shown } of await rows()) {
      const isStage = ['WAITING_FUNDS', 'SIGNED', 'BROADCAST'].includes(id ?? '');
      expect([id, state, stage, shown]).toEqual([id, isStage ? 'APPROVED' : id, isStage ? id : null, id]);
    }
    // Back to review and approved again: the stage of the former round is shown no more.
    await owner.query("UPDATE withdrawals SET attempt = 3 WHERE id = 'BROADCAST'");
    expect((await rows()).find(({ id }) => id === 'BROADCAST')?.shown).toBe('APPROVED');
    await owner.query("UPDATE withdrawals SET state = 'REQUESTED' WHERE id = 'SIGNED'");
    expect((await rows()).find(({ id }) => id === 'SIGNED')?.shown).toBe('REQUESTED');
  } finally {
    await close();
  }
});
