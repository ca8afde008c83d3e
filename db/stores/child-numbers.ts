/**
 * Which child number is whose: one per user for all networks of one key, so that a payment on the wrong one of them
 * finds its owner.
 */
import type { DataSource, EntityManager } from 'typeorm';
import type { Network } from '../../domain/registry';
import { DepositAddressEntity } from '../entities/deposits';
import type { DepositAddressRow } from '../entities/deposits';
import { inTransaction, isDuplicate } from '../transaction';

/** A network, and all those whose addresses come of the same key. */
export interface KeySpace {
  readonly network: string;
  /** As child_numbers names it. */
  readonly name: string;
  /** This one too. */
  readonly networks: readonly string[];
}

/** The signer has one branch for all networks of the Ethereum kind, and one of its own for each other network. */
export const keySpaceOf = (
  { id: network, kind }: Pick<Network, 'id' | 'kind'>,
  listed: readonly Pick<Network, 'id' | 'kind'>[],
): KeySpace =>
  kind === 'evm'
    ? {
        network,
        name: 'evm',
        networks: [...new Set([network, ...listed.filter((other) => other.kind === 'evm').map(({ id }) => id)])],
      }
    : { network, name: network, networks: [network] };

/**
 * The user's address on the network, issued on all of its key at first ask. Two at once get one, two users never the
 * same.
 */
export async function issueAddress(
  dataSource: DataSource,
  space: KeySpace,
  userId: string,
  derive: (index: number) => string,
  now: number,
): Promise<DepositAddressRow> {
  for (;;) {
    try {
      const index =
        (await numberOf(dataSource, space, userId)) ??
        (await inTransaction(dataSource, (manager) => takeNumber(manager, space, userId)));
      const row = await dataSource.manager.findOneBy(DepositAddressEntity, { network: space.network, index });
      if (row?.userId === userId) return row;
      await inTransaction(dataSource, (manager) =>
        issueOn(manager, space, { index, address: derive(index), userId, createdAt: now, frozenAt: null }),
      );
    } catch (error) {
      // Somebody else took the number or the place, or this user asked twice: look again.
      if (!isDuplicate(error)) throw error;
    }
  }
}

async function numberOf(dataSource: DataSource, { name }: KeySpace, userId: string): Promise<number | undefined> {
  const [row] = (await dataSource.query(
    'SELECT child_index AS number FROM child_numbers WHERE key_space = ? AND user_id = ?',
    [name, userId],
  )) as { number: number }[];
  return row?.number;
}

async function takeNumber(manager: EntityManager, { name, networks }: KeySpace, userId: string): Promise<number> {
  // Above what was issued, too: a number that lies at an address is never given to another user.
  const last = async (sql: string, value: unknown): Promise<number> =>
    ((await manager.query(sql, [value])) as { last: number | null }[])[0]?.last ?? -1;
  const [taken, issued] = [
    await last('SELECT MAX(child_index) AS last FROM child_numbers WHERE key_space = ?', name),
    await last('SELECT MAX(child_index) AS last FROM deposit_addresses WHERE network IN (?)', networks),
  ];
  const number = (taken > issued ? taken : issued) + 1;
  await manager.query('INSERT INTO child_numbers (key_space, child_index, user_id) VALUES (?, ?, ?)', [
    name,
    number,
    userId,
  ]);
  return number;
}

/** The address on every network of the key that lacks it. Where the number is another's, it is nobody's from now on. */
async function issueOn(
  manager: EntityManager,
  { name, networks }: KeySpace,
  address: Omit<DepositAddressRow, 'network' | 'place'>,
): Promise<void> {
  const { index, userId } = address;
  const there = (await manager.query(
    'SELECT network, user_id AS owner FROM deposit_addresses WHERE network IN (?) AND child_index = ?',
    [networks, index],
  )) as { network: string; owner: string }[];
  if (there.some(({ owner }) => owner !== userId)) {
    await manager.query(
      'UPDATE child_numbers SET user_id = NULL WHERE key_space = ? AND child_index = ? AND user_id = ?',
      [name, index, userId],
    );
    return;
  }
  for (const network of networks.filter((one) => there.every((row) => row.network !== one)).toSorted())
    await manager.insert(DepositAddressEntity, { ...address, network, place: await nextPlace(manager, network) });
}

/** One above the last that can be seen: a place is taken only when those before it are there for every reader. */
async function nextPlace(manager: EntityManager, network: string): Promise<number> {
  const [row] = (await manager.query('SELECT MAX(place) AS last FROM deposit_addresses WHERE network = ?', [
    network,
  ])) as { last: number | null }[];
  return (row?.last ?? -1) + 1;
}

/** Issues on a network whatever its users have on others of the same key; of numbers that are two users' nothing. */
export async function fillAddresses(
  dataSource: DataSource,
  { network, name, networks }: KeySpace,
  now: number,
): Promise<void> {
  const others = networks.filter((one) => one !== network);
  for (let filled = others.length === 0; !filled;) {
    try {
      await inTransaction(dataSource, async (manager) => {
        const first = await nextPlace(manager, network);
        await manager.query(
          `INSERT INTO deposit_addresses (network, child_index, address, user_id, place, created_at)
           SELECT ?, c.child_index, MIN(a.address), c.user_id, ? + ROW_NUMBER() OVER (ORDER BY c.child_index) - 1, ?
           FROM child_numbers c JOIN deposit_addresses a ON a.child_index = c.child_index AND a.user_id = c.user_id AND a.network IN (?)
           WHERE c.key_space = ? AND NOT EXISTS (SELECT 1 FROM deposit_addresses here WHERE here.network = ? AND here.child_index = c.child_index)
           GROUP BY c.child_index, c.user_id`,
          [network, first, now, others, name, network],
        );
      });
      filled = true;
    } catch (error) {
      if (!isDuplicate(error)) throw error;
    }
  }
}
