import { ENTITIES } from '../entities';
import { testDatabase } from '../testing';

test('every entity reads its table, and the fence row is there', async () => {
  const database = await testDatabase();
  try {
    for (const entity of ENTITIES) await database.dataSource.getRepository(entity).find({ take: 1 });
    const rows = (await database.dataSource.query('SELECT id, epoch, batch FROM engine')) as { id: number }[];
    expect(rows.map((row) => row.id)).toEqual([1]);
  } finally {
    await database.close();
  }
});

test('a user balance below zero is refused by the table itself', async () => {
  const database = await testDatabase();
  try {
    const insert = (account: string) =>
      database.dataSource.query('INSERT INTO balances (account, asset, amount) VALUES (?, ?, -1)', [account, 'ETH']);
    await insert('user/u1/debt');
    await insert('custody/hot/ethereum');
    await expect(insert('user/u1/available')).rejects.toThrow();
    await expect(insert('user/u1/held')).rejects.toThrow();
  } finally {
    await database.close();
  }
});
