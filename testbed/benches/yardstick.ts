/**
 * The usual design, to measure against: Express, and one transaction an order on the same database. It checks what was
 * sent, knows its users, locks the balance, sets the money aside, writes the order and two journal lines, and answers
 * after COMMIT. It matches nothing and reads sessions from memory, both in its favour.
 */
import { createHash } from 'node:crypto';
import express from 'express';
import type { Request } from 'express';
import { createPool } from 'mysql2/promise';
import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { z } from 'zod';

const USERS = 256;
const MONEY = 'DECIMAL(38,18) NOT NULL';
const TABLES: Record<string, string> = {
  yardstick_balances: `user_id INT NOT NULL, asset VARCHAR(20) NOT NULL, available ${MONEY}, held ${MONEY}, PRIMARY KEY (user_id, asset)`,
  yardstick_orders: `id BIGINT PRIMARY KEY AUTO_INCREMENT, user_id INT NOT NULL, symbol VARCHAR(40) NOT NULL, side VARCHAR(4) NOT NULL, price ${MONEY}, quantity ${MONEY}, state VARCHAR(20) NOT NULL, at BIGINT NOT NULL, KEY by_user (user_id, at)`,
  yardstick_entries: `id BIGINT PRIMARY KEY AUTO_INCREMENT, order_id BIGINT NOT NULL, user_id INT NOT NULL, asset VARCHAR(20) NOT NULL, amount ${MONEY}, at BIGINT NOT NULL, KEY by_user (user_id, asset, id)`,
};
const amount = z.string().regex(/^\d{1,20}(\.\d{1,18})?$/);
const order = z.strictObject({
  symbol: z.string().max(40),
  side: z.enum(['BUY', 'SELL']),
  type: z.enum(['LIMIT']),
  price: amount,
  quantity: amount,
});

const hash = (token: string): string => createHash('sha256').update(token).digest('hex');
const sessions = new Map(Array.from({ length: USERS }, (_, user) => [hash(`user-${user}`), user]));
const userOf = (req: Request): number | undefined => sessions.get(hash(req.get('authorization') ?? ''));

async function main(): Promise<void> {
  const pool = createPool({ uri: process.env.DATABASE_URL ?? '', connectionLimit: 32 });
  for (const [name, columns] of Object.entries(TABLES)) {
    await pool.query(`DROP TABLE IF EXISTS ${name}`);
    await pool.query(`CREATE TABLE ${name} (${columns}) ENGINE=InnoDB`);
  }
  const balances = [...sessions.values()].flatMap((user) =>
    ['JVZ', 'JVG'].map((asset) => [user, asset, '100000000', '0']),
  );
  await pool.query('INSERT INTO yardstick_balances VALUES ?', [balances]);

  const app = express();
  app.disable('x-powered-by');
  app.post('/orders', express.json(), async (req, res) => {
    const user = userOf(req);
    const wish = order.safeParse(req.body);
    if (user === undefined || !wish.success) return void res.status(400).json({});
    const { symbol, side, price, quantity } = wish.data;
    const [asset, sql] =
      side === 'BUY'
        ? ['JVG', 'CAST(? AS DECIMAL(38,18)) * CAST(? AS DECIMAL(38,18))']
        : ['JVZ', 'CAST(? AS DECIMAL(38,18)) * 1 + 0 * CAST(? AS DECIMAL(38,18))'];
    const connection = await pool.getConnection();
    try {
      await connection.query('START TRANSACTION');
      const values = side === 'BUY' ? [price, quantity] : [quantity, price];
      const [rows] = await connection.execute<RowDataPacket[]>(
        `SELECT available, ${sql} AS needed FROM yardstick_balances WHERE user_id = ? AND asset = ? FOR UPDATE`,
        [...values, user, asset],
      );
      const needed = String(rows[0]?.needed);
      await connection.execute(
        'UPDATE yardstick_balances SET available = available - ?, held = held + ? WHERE user_id = ? AND asset = ?',
        [needed, needed, user, asset],
      );
      const at = Date.now();
      const [placed] = await connection.execute<ResultSetHeader>(
        'INSERT INTO yardstick_orders (user_id, symbol, side, price, quantity, state, at) VALUES (?, ?, ?, ?, ?, ?, ?)',
        [user, symbol, side, price, quantity, 'NEW', at],
      );
      await connection.query('INSERT INTO yardstick_entries (order_id, user_id, asset, amount, at) VALUES ?', [
        [
          [placed.insertId, user, asset, `-${needed}`, at],
          [placed.insertId, user, asset, needed, at],
        ],
      ]);
      await connection.query('COMMIT');
      res.status(201).json({ id: String(placed.insertId), status: 'NEW' });
    } catch {
      await connection.query('ROLLBACK');
      res.status(500).json({});
    } finally {
      connection.release();
    }
  });
  const server = app.listen(0, '127.0.0.1', () =>
    process.send?.({ port: (server.address() as { port: number }).port }),
  );
}

process.on('disconnect', () => process.exit(0));

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(2);
});
