import type { DepositRow } from '../../db/entities/deposits';
import type { ChainStore } from '../../db/stores/chain';
import type { DepositStore } from '../../db/stores/deposits';
import type { Clock } from '../../domain/clock-and-ids';
import type { EventBus, Logger } from '../../domain/contract/ports';
import { parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import type { Network } from '../../domain/registry';
import type { TronChain } from '../chains/tron';
import type { OwnAddresses } from '../deposits/addresses';

export interface TronGuardDeps {
  readonly chain: Pick<TronChain, 'strangersOf' | 'balance'>;
  readonly network: Network;
  readonly own: OwnAddresses;
  readonly depositStore: DepositStore;
  readonly chainStore: ChainStore;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface TronGuard {
  /** Asked before a deposit is credited, as often as it waits. */
  mayCredit(row: DepositRow): Promise<boolean>;
  /** Asked before coins are swept from an address, or gas is sent to it. */
  maySweep(address: string): Promise<boolean>;
}

/**
 * What is TRON's own about deposits. Whoever has an account's owner permission can give it to another key: an address
 * of ours that somebody else can sign for is frozen, and nothing more is credited to it. And a payment from inside a
 * contract is believed when the coins lie there: nodes have shown calls as done that were undone.
 */
export function createTronGuard(deps: TronGuardDeps): TronGuard {
  const { chain, network, own, depositStore, events, clock, logger } = deps;
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };
  /** Once, however many of its deposits are looked at together. */
  const freeze = async (address: string, strangers: readonly string[]): Promise<void> => {
    if (own.isFrozen(address)) return;
    await depositStore.freeze(
      network.id,
      address,
      `may be signed for by ${strangers.join(', ')}`.slice(0, 190),
      clock.now(),
    );
    own.freeze(address, clock.now());
    events.publish({
      name: 'alert',
      code: 'ADDRESS_FROZEN',
      message: 'A deposit address can be signed for by somebody else. Nothing more is credited to it.',
      details: { network: network.id, address, strangers },
    });
  };
  const isOurs = async (address: string): Promise<boolean> => {
    if (own.isFrozen(address)) return false;
    const strangers = await chain.strangersOf(address);
    if (strangers.length > 0) await inTurn(() => freeze(address, strangers));
    return strangers.length === 0;
  };
  /**
   * Believed, and perhaps not in the books yet: several are taken further at a time, and one coin is not for two of
   * them.
   */
  const believed = new Set<string>();
  const liesThere = async (row: DepositRow): Promise<boolean> => {
    const there = await chain.balance(row.address, network.gasAsset);
    const expected = await expectedAt(deps, row, [...believed]);
    if (expected === undefined || there < expected + parseAmount(row.amount)) return false;
    believed.add(row.id);
    return true;
  };
  return {
    maySweep: isOurs,
    mayCredit: async (row) => {
      if (!(await isOurs(row.address))) return false;
      if (!row.position.startsWith('internal:') || (await inTurn(() => liesThere(row)))) return true;
      logger.warn(
        { event: 'deposit.contract_payment_waits', deposit: row.id, txid: row.txid },
        'a payment of a contract waits: its coins do not lie there, or the address is in use',
      );
      return false;
    },
  };
}

/**
 * What must lie at a deposit address without this deposit, by our own books; undefined while a transaction of ours is
 * under way there.
 */
async function expectedAt(
  { depositStore, chainStore, network }: TronGuardDeps,
  row: DepositRow,
  believed: readonly string[],
): Promise<Units | undefined> {
  const moved = await chainStore.finishedAt(network.id, row.address, network.gasAsset);
  if (moved === undefined) return undefined;
  return parseAmount(await depositStore.arrivedAt(network.id, row.address, network.gasAsset, row.id, believed)) + moved;
}
