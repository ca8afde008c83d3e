/** How often each way of recovery was taken, counted in the log of the exchange: it outlives the kills. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const TOLD: Readonly<Record<string, string>> = {
  'the outcome of an order is unknown: asking': 'askedByRest',
  'an order of an earlier life is asked for': 'askedAfterKill',
  'the venue cannot be asked yet': 'askedAgain',
  "the venue's connection for orders is begun anew": 'streamBegunAnew',
  "the venue's connection for orders is back": 'ordersReconnected',
  'the venue user stream is open': 'userStreamOpened',
  "the venue's streams are back": 'streamsReconnected',
  "the venue's book was read anew": 'booksReadAnew',
  "the venue's clock was read": 'clockRead',
  "the venue's clock is not ours: its time is used for what it reads": 'clockCorrected',
  'the venue has asked us to wait': 'bansWaitedFor',
  'the venue has changed the rules of a market': 'rulesChanged',
  'trades were read by id': 'tradesReadById',
  'the venue refused an order': 'ordersRefused',
  'engine has taken over': 'enginesStarted',
  'the venue is open': 'venueOpened',
  'Nothing is sent to the venue until an operator opens it.': 'venueStopped',
  "The venue's account differs from our books.": 'differencesFound',
  'A trade on our account at the venue belongs to no order of ours.': 'foreignTradesFound',
};

/** Alerts that say something is broken in the house itself. */
const BROKEN = new Set(['QUARANTINED']);

export interface Told {
  readonly recoveries: Record<string, number>;
  readonly broken: string[];
}

export function readLog(dir: string): Told {
  const file = join(dir, 'logs', 'javizen.log');
  const recoveries: Record<string, number> = Object.fromEntries(Object.values(TOLD).map((name) => [name, 0]));
  const broken: string[] = [];
  for (const line of existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []) {
    let said: { msg?: string; code?: string; again?: boolean; details?: { error?: string } };
    try {
      said = JSON.parse(line) as typeof said;
    } catch {
      // A killed process leaves half a line; what is no JSON at all is a stack.
      if (/^\s*(Error|TypeError|RangeError|AmountError)\b/.test(line)) broken.push(line.slice(0, 200));
      continue;
    }
    const name = TOLD[said.msg ?? ''];
    if (name) recoveries[name] = (recoveries[name] ?? 0) + 1;
    if (said.msg === 'the venue refused an order' && said.again)
      recoveries.triedAgain = (recoveries.triedAgain ?? 0) + 1;
    if (BROKEN.has(said.code ?? '')) broken.push(`${said.code}: ${said.details?.error ?? ''}`.slice(0, 300));
  }
  return { recoveries, broken };
}
