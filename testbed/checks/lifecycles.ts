/** The diagrams of the lifecycles (docs/lifecycles.md), drawn from the tables of domain/lifecycle. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../deploy/config/paths';
import { CHAIN_TRANSACTION } from '../../domain/lifecycle/chain-transaction';
import { DEPOSIT } from '../../domain/lifecycle/deposit';
import { KYC } from '../../domain/lifecycle/kyc';
import { ORDER } from '../../domain/lifecycle/order';
import { INTENT, SWAP } from '../../domain/lifecycle/swap';
import { COLD_TRANSFER, STAKE, SWEEP, VENUE_TRANSFER } from '../../domain/lifecycle/transfers';
import { finalStates } from '../../domain/lifecycle/transitions';
import type { Transitions } from '../../domain/lifecycle/transitions';
import { PAYOUT, WITHDRAWAL } from '../../domain/lifecycle/withdrawal';

export const LIFECYCLES_PAGE = 'docs/lifecycles.md';

export interface Drawn {
  readonly title: string;
  /** The column, who writes it, and where it is described. */
  readonly about: string;
  readonly table: Transitions<string, string>;
  /** States in which a row begins. */
  readonly first: readonly string[];
}

const drawn = <State extends string, Event extends string>(
  title: string,
  about: string,
  table: Transitions<State, Event>,
  ...first: State[]
): Drawn => ({ title, about, table: table as Transitions<string, string>, first });

export const LIFECYCLES: readonly Drawn[] = [
  drawn('Order', '`orders.state`, written by the engine', ORDER, 'NEW'),
  drawn('Convert', '`swaps.state`, written by the engine', SWAP, 'EXECUTING'),
  drawn(
    'Intent',
    '`venue_intents.state`, an order of ours at the venue; `lose` by routing, the rest by the engine',
    INTENT,
    'PENDING',
  ),
  drawn(
    'Deposit',
    '`deposits.state`; `credit` and `reverse` by the engine, the rest by wallets',
    DEPOSIT,
    'SEEN',
    'IGNORED',
  ),
  drawn('Withdrawal', '`withdrawals.state`, written by the engine', WITHDRAWAL, 'REQUESTED'),
  drawn('Payout', '`withdrawals.payout_stage` of an approved withdrawal, written by wallets', PAYOUT, 'APPROVED'),
  drawn('Chain transaction', '`chain_transactions.state`, written by wallets', CHAIN_TRANSACTION, 'PLANNED', 'VOID'),
  drawn('Sweep', '`sweeps.state`, written by wallets', SWEEP, 'PLANNED'),
  drawn('Venue transfer', '`venue_transfers.state`, written by wallets', VENUE_TRANSFER, 'RESERVED', 'SENDING'),
  drawn(
    'Transfer from cold storage',
    '`cold_transfers.state`, written by wallets',
    COLD_TRANSFER,
    'WAITING_SIGNATURES',
  ),
  drawn('Stake', '`stakes.state`, written by wallets', STAKE, 'PLANNED'),
  drawn('KYC application', '`users.kyc_state`, written by the server', KYC, 'NONE'),
];

/** Events that lead from one state to the same next one share an arrow. */
function arrowsOf(table: Transitions<string, string>): string[] {
  return Object.entries(table).flatMap(([state, steps]) => {
    return [...eventsByNext(steps)].map(([next, events]) => `    ${state} --> ${next}: ${events.join(', ')}`);
  });
}

function eventsByNext(steps: Readonly<Record<string, string | undefined>>): Map<string, string[]> {
  const byNext = new Map<string, string[]>();
  for (const [event, next] of Object.entries(steps))
    if (next !== undefined) byNext.set(next, [...(byNext.get(next) ?? []), event]);
  return byNext;
}

const diagramOf = ({ title, about, table, first }: Drawn): string =>
  [
    `## ${title}`,
    '',
    `${about}.`,
    '',
    '```mermaid',
    'stateDiagram-v2',
    ...first.map((state) => `    [*] --> ${state}`),
    ...arrowsOf(table),
    ...finalStates(table).map((state) => `    ${state} --> [*]`),
    '```',
    '',
  ].join('\n');

/** The page. The same tables give the same bytes. */
export const lifecyclesPage = (): string =>
  [
    '# Lifecycles',
    '',
    'Drawn from the tables of `domain/lifecycle` by `npm run picture`. An arrow is an event; what has no arrow is refused. Rows of the tables of',
    'wallets change only by `advance` of `db/lifecycle.ts`, which makes its condition from these tables.',
    '',
    LIFECYCLES.map(diagramOf).join('\n'),
  ].join('\n');

/** A finding where the page is not what the tables are. */
export function oldLifecycles(): string[] {
  const file = join(ROOT, LIFECYCLES_PAGE);
  return existsSync(file) && readFileSync(file, 'utf8') === lifecyclesPage()
    ? []
    : [`${LIFECYCLES_PAGE} is not what the tables are: npm run picture`];
}
