import { migrate } from '../migrate';
import { databaseBefore } from '../testing';
import { Batches1764620000000 } from './1764620000000-batches';

test('what a Bitcoin paid before there were batches is a batch of one; of other networks nothing is', async () => {
  const database = await databaseBefore(Batches1764620000000.name);
  try {
    const query = async <T>(sql: string, values: unknown[] = []): Promise<T[]> =>
      (await database.owner.query(sql, values)) as T[];
    const network = (id: string, kind: string) =>
      query(
        'INSERT INTO networks (id, name, kind, chain_id, gas_asset, confirmations, venue_network) VALUES (?, ?, ?, 0, ?, 3, ?)',
        [id, id, kind, 'BTC', id],
      );
    await network('bitcoin', 'bitcoin');
    await network('ethereum', 'evm');
    const transaction = (id: string, on: string, state: string, reservation: string | null) =>
      query(
        `INSERT INTO chain_transactions (id, network, purpose, subject, from_address, to_address, asset, amount, nonce, gas_limit, max_fee_per_gas, max_priority_fee_per_gas, txid, raw_transaction, reservation, state, created_at, updated_at)
         VALUES (?, ?, ?, ?, 'hot', 'somebody', 'BTC', 0.5, 0, '1', '1', '1', ?, '', ?, ?, 1, 1)`,
        [id, on, id.split(':')[0], id.split(':')[1], id, reservation, state],
      );
    await transaction('withdrawal:w1:0', 'bitcoin', 'VOID', 'cost:w1');
    await transaction('withdrawal:w1:1', 'bitcoin', 'BROADCAST', 'cost:w1:1');
    await transaction('withdrawal:w1:1#1', 'bitcoin', 'VOID', null);
    await transaction('withdrawal:w2:12', 'bitcoin', 'CONFIRMED', null);
    await transaction('venue:v1', 'bitcoin', 'CONFIRMED', null);
    await transaction('withdrawal:w3:0', 'ethereum', 'CONFIRMED', null);
    await migrate(database.owner);
    const row = (
      transactionId: string,
      withdrawalId: string,
      attempt: number,
      reservation: string | null,
      live: number | null,
    ) => ({
      transactionId,
      withdrawalId,
      attempt,
      place: 0,
      address: 'somebody',
      amount: '0.500000000000000000',
      reservation,
      live,
      refused: live === null ? 1 : 0,
    });
    expect(
      await query(
        'SELECT transaction_id AS transactionId, withdrawal_id AS withdrawalId, attempt, place, address, amount, reservation, live, refused FROM batch_payments ORDER BY transaction_id',
      ),
    ).toEqual([
      row('withdrawal:w1:0', 'w1', 0, 'cost:w1', null),
      row('withdrawal:w1:1', 'w1', 1, 'cost:w1:1', 1),
      row('withdrawal:w2:12', 'w2', 12, null, 1),
    ]);
  } finally {
    await database.close();
  }
});
