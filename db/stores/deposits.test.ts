import type { DepositRow } from '../entities/deposits';
import { testDatabase } from '../testing';
import { createDepositStore } from './deposits';

const row = (over: Partial<DepositRow>): DepositRow => ({
  id: 'd1',
  network: 'ethereum',
  txid: '0xaa',
  position: 'log:0',
  userId: 'u1',
  address: '0x01',
  asset: 'USDT',
  amount: '1000',
  blockHeight: 5,
  blockHash: '0xa5',
  confirmations: 1,
  confirmationsNeeded: 3,
  state: 'SEEN',
  createdAt: 1,
  creditedAt: null,
  credited: null,
  fee: null,
  sweepId: null,
  ...over,
});
const block = (hash: string) => ({ network: 'ethereum', height: 5, hash, parentHash: '0x04' });

test('mined again in another block, a deposit is what it is there: another amount, another owner', async () => {
  const database = await testDatabase();
  try {
    const store = createDepositStore(database.dataSource);
    await store.saveBlock(block('0xa5'), [row({})], 100);
    await store.advance({ id: 'd1' }, 'orphan');
    await store.forgetAbove('ethereum', 4);
    await store.saveBlock(
      block('0xb5'),
      [row({ id: 'd2', blockHash: '0xb5', amount: '1', userId: 'u2', address: '0x02' })],
      100,
    );
    const [found] = await store.inStates('ethereum', ['SEEN']);
    expect(found).toMatchObject({ id: 'd1', userId: 'u2', address: '0x02', blockHash: '0xb5' });
    expect(found?.amount).toBe('1.000000000000000000');
  } finally {
    await database.close();
  }
});
