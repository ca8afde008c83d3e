/** Which fault fires when: each of the table once early, then by weight until the storm is over. */
import { FAULT_NAMES, FAULTS } from '../../emulators/binance/fault-table';
import type { FaultName } from '../../emulators/binance/fault-table';
import { sleep } from '../../services/process';
import type { Dice } from '../../stage/random';

/** What strikes the account by hand needs a hand that gives it the chance. */
export type Helper = 'rest' | 'buy' | 'cut';

interface Plan {
  /**
   * A part of the calls that it strikes; one is drawn. Ours alone, so that no fault is spent on the storm's own calls.
   */
  readonly match?: readonly string[];
  readonly lasts?: number;
  readonly helper?: Helper;
  /** Against others, when it is drawn again; 1 unless told. */
  readonly weight?: number;
}

const ORDER = { match: ['order.place'], weight: 2 } as const;
const TOLD = {
  match: [
    'order.place',
    'GET /api/v3/order',
    'GET /api/v3/account',
    'event executionReport',
    'GET /api/v3/depth',
    'GET /api/v3/exchangeInfo',
  ],
} as const;
const PLANS: Partial<Record<FaultName, Plan>> = {
  'answer-late': { ...ORDER, weight: 1 },
  'bad-gateway': {
    match: ['GET /api/v3/order', 'GET /api/v3/account', 'GET /api/v3/depth', 'GET /api/v3/exchangeInfo'],
  },
  'bad-gateway-executed': { helper: 'buy', weight: 0.2 },
  forbidden: { match: ['GET /api/v3/order', 'GET /api/v3/account', 'GET /api/v3/exchangeInfo'] },
  'rate-limit': { match: ['order.place', 'GET /api/v3/order', 'GET /api/v3/account', 'GET /api/v3/depth'] },
  ban: { match: ['order.place', 'GET /api/v3/account'], weight: 0.5 },
  'clock-skew': { match: ['order.place', 'GET /api/v3/order', 'GET /api/v3/account'], weight: 2 },
  'key-revoked': { match: ['order.place', 'GET /api/v3/account'], weight: 0.5 },
  'thin-book': { helper: 'buy', weight: 0.2 },
  'cancel-filled': { helper: 'rest', weight: 0.2 },
  'cancel-partly-filled': { helper: 'rest', weight: 0.2 },
  'exchange-cancels': { helper: 'rest', weight: 0.2 },
  'partial-fill': { weight: 3 },
  'expired-in-match': { weight: 3 },
  'malformed-json': { match: [...TOLD.match, 'stream'] },
  'unknown-fields': TOLD,
  'unknown-status': { match: ['order.place', 'GET /api/v3/order', 'event executionReport'] },
  'odd-numbers': { match: ['order.place', 'GET /api/v3/order', 'event executionReport'] },
  'huge-body': { match: ['order.place', 'GET /api/v3/account', 'GET /api/v3/depth'], weight: 0.3 },
  'connect-refused': { helper: 'cut' },
  'filter-change': { lasts: 8000 },
  'symbol-halt': { lasts: 6000 },
  'symbol-break': { lasts: 6000 },
  'monthly-reset': { weight: 0 },
  'foreign-withdrawal': { weight: 0.3 },
  'foreign-trade': { weight: 0.3 },
};

const GRACE_MS = 90_000;
/** Takes all orders and trades of the venue with it. */
export const RESET = 'monthly-reset';

const planOf = (name: FaultName): Plan =>
  PLANS[name] ?? (FAULTS.find((row) => row.name === name)?.at === 'order' ? ORDER : {});

/** Faults that leave the account as our books have it: no reset, and nothing that others did there. */
export const OURS: readonly FaultName[] = FAULT_NAMES.filter(
  (name) => name !== RESET && !name.startsWith('foreign-') && (planOf(name).helper ?? 'cut') === 'cut',
);

export interface Control {
  post(path: string, body: unknown): Promise<void>;
  fired(): Promise<Record<string, number>>;
  clear(): Promise<void>;
}

/** The emulator's control port. Loopback only. */
export function controlOf(url: string): Control {
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${url}/control/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    return response.json();
  };
  return {
    post: async (path, body) => void (await ask('POST', path, body)),
    fired: async () => (await ask('GET', 'faults')) as Record<string, number>,
    clear: async () => void (await ask('DELETE', 'faults')),
  };
}

export interface Weather {
  readonly control: Control;
  readonly dice: Dice;
  readonly help: (helper: Helper) => void;
  readonly until: number;
  readonly ahead: { ms: number };
  /** What may fire. */
  readonly faults: readonly FaultName[];
  readonly say: (line: string) => void;
}

/** Arms one fault, and gives it what it needs to fire. */
async function arm({ control, dice, help }: Weather, name: FaultName): Promise<void> {
  const { match, lasts, helper } = planOf(name);
  await control.post('faults', { name, count: 1, ...(match && { match: dice.pick(match) }), ...(lasts && { lasts }) });
  if (helper) help(helper);
}

/** The venue's clock goes wrong for a while, in either direction. */
async function drift({ control, dice, ahead }: Weather): Promise<void> {
  ahead.ms = dice.pick([-5000, -1500, 1500, 5000]);
  await control.post('clock', { skew: ahead.ms });
}

/**
 * Until the time is over: every fault once in the first two thirds, the rest by weight; the reset in the middle.
 * Answers how often the clock drifted.
 */
export async function storm(weather: Weather): Promise<{ drifts: number }> {
  const { control, dice, until, say, faults } = weather;
  const began = Date.now();
  const first = dice.shuffled(faults.filter((name) => name !== RESET));
  const each = ((until - began) * 0.6) / first.length;
  // The reset takes all orders and trades: late enough for something to be lost, early enough to be opened again.
  const resetAt = began + (until - began) * 0.4;
  const weights = Object.fromEntries(faults.map((name) => [name, planOf(name).weight ?? 1])) as Record<
    FaultName,
    number
  >;
  let [drifts, isReset] = [0, !faults.includes(RESET)];
  const isMissing = async (): Promise<boolean> => {
    if (first.length > 0) return true;
    const fired = await control.fired();
    return faults.some((name) => !fired[name]);
  };
  // On a slow machine some have not had their chance in time: it goes on a little for them.
  for (let n = 0; Date.now() < until || (Date.now() < until + GRACE_MS && (await isMissing())); n++) {
    if (!isReset && Date.now() >= resetAt) {
      isReset = true;
      say('the venue is reset');
      await arm(weather, RESET);
    }
    if (n % 12 === 5) {
      drifts++;
      await drift(weather);
    }
    await arm(weather, first.shift() ?? dice.weighted(weights));
    if (first.length === 0) await again(weather);
    await sleep(dice.between(0.5, 1.5) * Math.min(each, 1200));
  }
  await control.clear();
  await control.post('clock', { skew: 0 });
  weather.ahead.ms = 0;
  return { drifts };
}

/** What has not fired yet is given its chance again, aimed at whatever comes. */
async function again(weather: Weather): Promise<void> {
  const fired = await weather.control.fired();
  for (const name of weather.faults) if (!fired[name] && name !== RESET) await arm(weather, name);
}
