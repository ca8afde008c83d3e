import { createConnection } from 'mysql2';
import type { Connection, ResultSetHeader } from 'mysql2';
import type { DataSource } from 'typeorm';

/** A connection for batches alone: many statements go over it in one round trip. */
export interface BatchConnection {
  /** Carries the statements out in order, and answers how many rows each changed. Rejects at the first that fails. */
  run(statements: readonly string[]): Promise<number[]>;
  /** The rows that a query finds. */
  rows(sql: string): Promise<Record<string, string>[]>;
  close(): void;
}

/** No packet becomes larger than this, and one statement; servers refuse what is larger than 16 MB. */
const PACKET_CHARACTERS = 1_000_000;

/** Statements come whole; nobody need look through a megabyte for question marks. */
const asItIs = (sql: string): string => sql;

/** Opens a connection beside the pool, so that neither waits for the other. */
export async function openBatchConnection(dataSource: DataSource): Promise<BatchConnection> {
  const { url } = dataSource.options as { url: string };
  const connection = createConnection({
    uri: url,
    multipleStatements: true,
    connectTimeout: 5000,
    charset: 'utf8mb4',
    enableKeepAlive: true,
    queryFormat: asItIs,
  });
  // Whoever waits for a statement hears of it there; without anybody waiting the next statement fails.
  connection.on('error', () => undefined);
  await send(connection, 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
  // Statements come as text, with backslash escapes: nothing that is set for this session alone may make them mean
  // something else.
  await send(connection, "SET SESSION sql_mode = REPLACE(@@SESSION.sql_mode, 'NO_BACKSLASH_ESCAPES', '')");
  return {
    run: async (statements) => {
      const changed: number[] = [];
      for (const packet of packets(statements)) changed.push(...(await send(connection, packet)));
      return changed;
    },
    rows: (sql) =>
      new Promise((resolve, reject) => {
        connection.query(sql, (error, rows) =>
          error ? reject(error) : resolve(rows as unknown as Record<string, string>[]),
        );
      }),
    close: () => connection.destroy(),
  };
}

function send(connection: Connection, sql: string): Promise<number[]> {
  return new Promise((resolve, reject) => {
    connection.query(sql, (error, answer) => {
      if (error) reject(error);
      else
        resolve((Array.isArray(answer) ? answer : [answer]).map((header) => (header as ResultSetHeader).affectedRows));
    });
  });
}

function packets(statements: readonly string[]): string[] {
  const packed: string[] = [];
  let room = 0;
  for (const statement of statements) {
    if (statement.length > room) {
      packed.push(statement);
      room = PACKET_CHARACTERS - statement.length;
    } else {
      packed.push(`${packed.pop() ?? ''};${statement}`);
      room -= statement.length + 1;
    }
  }
  return packed;
}
