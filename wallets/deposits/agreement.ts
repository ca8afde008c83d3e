/**
 * What is worth much is credited only when a second node says the same, and nothing is while nodes contradict each
 * other; a failure too must be seen by two.
 */
import type { DepositRow } from '../../db/entities/deposits';
import { parseAmount } from '../../domain/money/amount';
import type { Units } from '../../domain/money/amount';
import type { BlockHeader } from '../chains/chain';
import type { Nodes, Outcome } from '../chains/nodes';

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
  /**
   * A node says that a transaction of ours was mined at this height and failed. May it be settled so? Answers why not
   * yet, or undefined when it may: what has failed may be paid again, so that where there are several nodes two must
   * see it fail in one block, and none succeed.
   */
  failureObjection(txid: string, height: number): Promise<string | undefined>;
}

/** `largeFrom`: an asset's amount from which a deposit needs two nodes; undefined where one is enough. */
export function createAgreement(
  network: string,
  nodes: Pick<Nodes<never>, 'voices' | 'witnesses' | 'outcomes' | 'count'>,
  largeFrom: (asset: string) => Units | undefined,
): Agreement {
  const disagree = (height: number, same: readonly string[], other: readonly string[]): NodesDisagree =>
    new NodesDisagree(
      `${network}: the nodes do not agree on block ${height}: ${same.join(', ') || 'none'} against ${other.join(', ')}; nothing is credited or taken back until they do`,
    );
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
      return witnesses.length >= 2
        ? undefined
        : `a deposit of ${text} ${asset} waits for a second node to see it (${witnesses.length === 0 ? 'none does' : `only ${witnesses.join(', ')} does`})`;
    },
    failureObjection: async (txid, height) => {
      if (nodes.count === 1) return undefined;
      const said = await nodes.outcomes(txid);
      const other = said.filter((one) => one.succeeded || one.height !== height);
      const failed = said.filter((one) => !one.succeeded && one.height === height);
      const [first] = failed;
      const agreed = failed.length >= 2 && other.length === 0 && failed.every(({ hash }) => hash === first?.hash);
      const names = (some: readonly Outcome[]): string => some.map(({ node }) => node).join(', ') || 'none';
      return agreed
        ? undefined
        : `that ${txid} failed waits for a second node to say so (in one block: ${names(failed)}; otherwise: ${names(other)})`;
    },
  };
}
