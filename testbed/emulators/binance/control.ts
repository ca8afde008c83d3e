import { must, read } from './decimal';
import { FAULTS, FAULT_NAMES } from './fault-table';
import type { FaultName } from './fault-table';
import type { Arming } from './faults';
import type { ExecutionRule, SymbolInfo } from './filters';
import type { RateLimit } from './limits';
import type { Deps } from './routes';
import type { Settings } from './types';

type Answer = { readonly status: number; readonly answer: unknown };

interface Asked extends Arming {
  readonly name?: FaultName;
  readonly freeze?: boolean;
  readonly step?: number;
  readonly skew?: number;
  readonly add?: Readonly<Record<string, string>>;
  readonly settings?: Partial<Settings>;
  readonly travelRule?: string;
  readonly symbol?: string;
  readonly status?: SymbolInfo['status'];
  readonly filters?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly priceRange?: Readonly<Partial<ExecutionRule>>;
  readonly rateLimits?: readonly RateLimit[];
  readonly apiKey?: string;
}

const DONE: Answer = { status: 200, answer: {} };
const bad = (error: string): Answer => ({ status: 400, answer: { error } });

/**
 * Faults, the replay's clock, and what only the venue can change. Reached on the same port, which listens on loopback
 * alone.
 */
export async function control(deps: Deps, name: string, body: string): Promise<Answer> {
  let asked: Asked;
  try {
    asked = (body ? JSON.parse(body) : {}) as Asked;
  } catch {
    return bad('not JSON');
  }
  const { exchange, auth } = deps;
  switch (name) {
    case 'POST /control/faults':
      return arm(deps, asked);
    case 'GET /control/faults':
      return { status: 200, answer: exchange.faults.counters() };
    case 'GET /control/faults/table':
      return {
        status: 200,
        answer: FAULTS.map((row) => ({
          ...row,
          armed: exchange.faults.isArmed(row.name),
          fired: exchange.faults.fired.get(row.name) ?? 0,
        })),
      };
    case 'DELETE /control/faults':
      exchange.faults.disarm();
      return DONE;
    case 'POST /control/clock':
      if (asked.freeze !== undefined) exchange.freeze(asked.freeze);
      if (asked.step !== undefined) exchange.step(asked.step);
      if (asked.skew !== undefined) auth.skew = asked.skew;
      return DONE;
    case 'POST /control/account':
      return account(deps, asked);
    case 'POST /control/symbols':
      return symbol(deps, asked);
    case 'POST /control/limits':
      for (const { rateLimitType, interval, intervalNum, limit } of asked.rateLimits ?? []) {
        for (const rate of exchange.info.rateLimits)
          if (rate.rateLimitType === rateLimitType && rate.interval === interval && rate.intervalNum === intervalNum)
            rate.limit = limit;
      }
      return { status: 200, answer: exchange.info.rateLimits };
    case 'POST /control/keys':
      if (!asked.apiKey) return bad('apiKey');
      auth.revoke(asked.apiKey, asked.ms ?? Number.MAX_SAFE_INTEGER - Date.now());
      if (auth.isRevoked(asked.apiKey)) deps.sockets.revoke(asked.apiKey);
      return DONE;
    case 'POST /control/reset':
      await exchange.reset();
      return DONE;
    default:
      return one(deps, name) ?? { status: 404, answer: { error: `no ${name}` } };
  }
}

function arm({ exchange }: Deps, asked: Asked): Answer {
  if (!asked.name || !FAULT_NAMES.includes(asked.name)) return bad(`one of ${FAULT_NAMES.join(', ')}`);
  exchange.faults.arm(asked.name, asked);
  return DONE;
}

function one({ exchange }: Deps, name: string): Answer | undefined {
  const fault = FAULT_NAMES.find((candidate) => name === `DELETE /control/faults/${candidate}`);
  if (!fault) return undefined;
  exchange.faults.disarm(fault);
  return DONE;
}

/** Coins that come or go without a trade, and what is switched on the account. */
async function account({ exchange }: Deps, { add = {}, settings, travelRule }: Asked): Promise<Answer> {
  const amounts: Record<string, bigint> = {};
  for (const [asset, text] of Object.entries(add)) {
    if (read(text.replace(/^-/, '')) === undefined) return bad(`${asset}: no amount`);
    amounts[asset] = text.startsWith('-') ? -must(text.slice(1)) : must(text);
    if (exchange.account.balance(asset).free + amounts[asset] < 0n) return bad(`${asset}: not so much there`);
  }
  if (Object.keys(amounts).length > 0) await exchange.adjust(amounts);
  if (settings) await exchange.set(settings);
  if (travelRule !== undefined) exchange.travelRule = travelRule;
  return { status: 200, answer: exchange.account.settings };
}

/** A symbol's state and filters; until the emulator starts again. */
function symbol({ exchange }: Deps, { symbol: wanted = '', status, filters = {}, priceRange }: Asked): Answer {
  const info = exchange.symbols.get(wanted);
  if (!info) return bad('symbol');
  if (status) info.status = status;
  info.filters = info.filters.map((filter) => ({ ...filter, ...filters[String(filter.filterType)] }));
  if (priceRange)
    exchange.executionRules.set(
      wanted,
      (exchange.executionRules.get(wanted) ?? []).map((rule) => ({ ...rule, ...priceRange })),
    );
  return { status: 200, answer: info };
}
