import { openDatabases } from './data-source';
import { testDatabase } from './testing';

test('without a replica readers read the database itself; with one they have connections of their own', async () => {
  const { url, close } = await testDatabase();
  try {
    const alone = await openDatabases({ url, poolSize: 1 }, undefined);
    expect(alone.reader).toBe(alone.dataSource);
    await alone.close();
    expect(alone.dataSource.isInitialized).toBe(false);

    const both = await openDatabases({ url, poolSize: 1 }, url);
    expect(both.reader).not.toBe(both.dataSource);
    expect(await both.reader.query('SELECT 1 AS one')).toHaveLength(1);
    await both.close();
    expect([both.reader.isInitialized, both.dataSource.isInitialized]).toEqual([false, false]);
    // A replica that cannot be reached stops the start, and leaves nothing open.
    await expect(openDatabases({ url, poolSize: 1 }, 'mysql://nobody:x@127.0.0.1:9/none')).rejects.toThrow();
  } finally {
    await close();
  }
});
