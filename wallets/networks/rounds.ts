import type { NodeState } from '../../domain/contract/ports';
import type { Network } from '../../domain/registry';
import type { Chain } from '../chains/chain';
import type { Scanner } from '../deposits/scanner';
import { createLoop } from '../loop';
import type { Step } from '../loop';
import type { FallenOut } from '../treasury/fallen-out';
import type { Sender } from '../treasury/sender';
import { isFatal } from './settings';
import type { NetworkConfig, NetworkDeps, OpenNetwork } from './settings';

interface Rounds {
  readonly scanner: Scanner;
  readonly transactions: Pick<Sender, 'mined'> & { round(head: number): Promise<void> };
  readonly fallenOut: FallenOut;
  readonly between: readonly Step[];
  readonly payouts: { round(): Promise<void> };
  readonly venueMoney: { round(): Promise<void> };
  readonly cold: { round(head: number): Promise<void> } | undefined;
}

/** The network's loop: everything in turn, again and again. */
export function createRounds(
  { logger, events }: NetworkDeps,
  network: Network,
  { pollMs }: NetworkConfig,
  { chain, states }: { chain: Pick<Chain, 'head' | 'close'>; states(): NodeState[] },
  rounds: Rounds,
): Pick<OpenNetwork, 'begin' | 'end' | 'status'> {
  const { scanner, transactions, fallenOut, between, payouts, venueMoney, cold } = rounds;
  let head = 0;
  const steps: Step[] = [
    { name: 'node', first: true, run: async () => void (head = await chain.head()) },
    { name: 'scan', run: () => scanner.round() },
    { name: 'transactions', run: () => transactions.round(head) },
    { name: 'fallen out', run: () => fallenOut.round(head, transactions) },
    ...between,
    { name: 'withdrawals', run: () => payouts.round() },
    { name: 'venue', run: () => venueMoney.round() },
    ...(cold ? [{ name: 'cold', run: () => cold.round(head) }] : []),
  ];
  const loop = createLoop(network.id, pollMs, { logger, events }, steps, isFatal);
  const stopHurry = events.on('venue.demand', () => loop.now());
  return {
    begin: loop.begin,
    status: () => ({
      network: network.id,
      state: loop.halted() ? 'halted' : 'open',
      scanned: scanner.height() ?? null,
      rounds: loop.rounds(),
      faults: loop.faults(),
      nodes: states(),
    }),
    end: async () => {
      stopHurry();
      await loop.end();
      chain.close();
    },
  };
}
