/** What is worth much is credited only when a second node says the same, and nothing is while nodes contradict each other. */
import type { DepositRow } from '../../db/entities/deposits';
import { parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import type { BlockHeader } from '../chains/chain';
import type { Nodes } from '../chains/nodes';

/** Two nodes show different blocks at one height: until they agree nothing is credited and nothing is taken back. */
export class NodesDisagree extends Error {
  override readonly name = 'NodesDisagree';
}

export interface Agreement {
  /** Throws NodesDisagree unless more nodes have lost this block than still have it. */
  mustBeLost(block: Pick<BlockHeader, 'height' | 'hash'>): Promise<void>;
  /**
   * May this deposit be credited? Answers why not yet, or undefined when it may. Throws NodesDisagree when any node has
   * another block in its place. `block` is the deposit's own.
   */
  objection(row: DepositRow, block: BlockHeader): Promise<string | undefined>;
}

/** `largeFrom`: an asset's amount from which a deposit needs two nodes; undefined where one is enough. */
export function createAgreement(network: string, nodes: Pick<Nodes<never>, 'voices' | 'witnesses' | 'count'>, largeFrom: (asset: string) => Units | undefined): Agreement {
  const disagree = (height: number, same: readonly string[], other: readonly string[]): NodesDisagree =>
    new NodesDisagree(`${network}: the nodes do not agree on block ${height}: ${same.join(', ') || 'none'} against ${other.join(', ')}; nothing is credited or taken back until they do`);
  return {
    mustBeLost: async (block) => {
      if (nodes.count === 1) return;
      const { same, other } = await nodes.voices(block);
      if (other.length <= same.length) throw disagree(block.height, same, other);
    },
    objection: async ({ txid, position, asset, address, amount: text }, block) => {
      const amount = parseAmount(text);
      const large = largeFrom(asset);
      const isLarge = large !== undefined && amount >= large;
      if (nodes.count === 1 && !isLarge) return undefined;
      const { same, other } = await nodes.voices(block);
      if (other.length > 0) throw disagree(block.height, same, other);
      if (!isLarge) return undefined;
      const witnesses = await nodes.witnesses(block, { txid, position, asset, to: address, amount });
      return witnesses.length >= 2 ? undefined : `a deposit of ${text} ${asset} waits for a second node to see it (${witnesses.length === 0 ? 'none does' : `only ${witnesses.join(', ')} does`})`;
    },
  };
}
