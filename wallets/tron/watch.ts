import type { EventBus, Logger } from '../../domain/contract/ports';
import type { Network } from '../../domain/registry';
import type { Broadcast } from '../chains/chain';
import type { TronChain } from '../chains/tron';
import type { OwnAddresses } from '../deposits/addresses';
import type { TronGuard } from './guard';

export interface TronWatchDeps {
  readonly chain: Pick<TronChain, 'strangersOf' | 'broadcast'>;
  readonly network: Network;
  readonly hotAddress: string;
  readonly own: Pick<OwnAddresses, 'all' | 'isFrozen'>;
  readonly guard: Pick<TronGuard, 'maySweep'>;
  readonly events: EventBus;
  readonly logger: Logger;
}

export interface TronWatch {
  /**
   * Looks at the hot wallet, and at the next few of our addresses. Throws where the hot wallet is not ours alone, so
   * that operators see it.
   */
  round(): Promise<void>;
  /** Asked right before anything is signed. Throws where somebody else can sign for the hot wallet. */
  mustBeOurs(): Promise<void>;
  /** Was it ever seen that somebody else can? */
  isTaken(): boolean;
  /** As the chain's, while the hot wallet is ours alone. */
  broadcast(rawTransaction: string): Promise<Broadcast>;
}

/**
 * Looked at in the first round and in every so many: a node counts what it is asked. Before a signature it is always
 * asked.
 */
const ROUNDS_A_LOOK = 5;
/**
 * Of our deposit addresses, so many a look: all of them in turn, however long that takes. Each is asked before a
 * credit and a sweep besides.
 */
const ADDRESSES_A_ROUND = 3;

/**
 * Whoever can change an account's permissions has it: from the moment at which the hot wallet can be signed for by
 * somebody else, or no more by our key alone, nothing is signed for it, sent from it or swept to it. It stays so until
 * an operator has looked and started again: what comes back by itself was in other hands.
 */
export function createTronWatch({ chain, network, hotAddress, own, guard, events, logger }: TronWatchDeps): TronWatch {
  let taken: string | undefined;
  let next = 0;
  let rounds = 0;
  let looked = false;
  const mustBeOurs = async (): Promise<void> => {
    await look();
    if (taken !== undefined)
      throw new Error(`${network.id}: nothing is sent from the hot wallet or to it: it may be signed for by ${taken}`);
  };
  const look = async (): Promise<void> => {
    if (taken !== undefined) return;
    const strangers = await chain.strangersOf(hotAddress);
    looked = true;
    if (strangers.length === 0 || taken !== undefined) return;
    taken = strangers.join(', ');
    events.publish({
      name: 'alert',
      code: 'HOT_WALLET_COMPROMISED',
      message: 'The hot wallet can be signed for by somebody else. Nothing is sent from it or to it.',
      details: { network: network.id, address: hotAddress, strangers },
    });
  };
  return {
    isTaken: () => taken !== undefined,
    mustBeOurs,
    broadcast: async (rawTransaction) => {
      // What an earlier life signed is not sent before we know.
      if (!looked) await look();
      return taken === undefined
        ? chain.broadcast(rawTransaction)
        : { taken: false, reason: 'the hot wallet is not ours alone' };
    },
    round: async () => {
      if (rounds++ % ROUNDS_A_LOOK !== 0 && taken === undefined) return;
      await look();
      const all = own.all();
      for (let n = 0; n < ADDRESSES_A_ROUND && n < all.length; n++) {
        const address = all[next++ % all.length] ?? '';
        if (!own.isFrozen(address) && !(await guard.maySweep(address)))
          logger.warn({ event: 'deposit.address_compromised', address }, 'an address of ours is in other hands');
      }
      if (next >= all.length) next = 0;
      await mustBeOurs();
    },
  };
}
