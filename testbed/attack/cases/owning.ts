/** Other people's things: ids of others, and two or fifty at once. */
import { randomBytes } from 'node:crypto';
import { held } from '../attack';
import type { Attack } from '../attack';
import type { Answer, Stage } from '../stage';

const RESTS = { symbol: 'ETHUSDT', side: 'SELL', type: 'LIMIT', quantity: '0.1' } as const;
const STRANGER = '0x8ba1f109551bd432803012645ac136ddd64dba72';

/** The trader's own order and withdrawal, made once: what others reach for. */
const made = new WeakMap<Stage, Promise<{ order: string; withdrawal: string }>>();
function ownOf(stage: Stage): Promise<{ order: string; withdrawal: string }> {
  const known = made.get(stage) ?? make(stage);
  made.set(stage, known);
  return known;
}

async function make({ trader }: Stage): Promise<{ order: string; withdrawal: string }> {
  const { items } = (await trader.ask('GET', '/api/tickers')).json<{ items: { symbol: string; ask: string }[] }>();
  const price = String(Math.ceil(Number(items.find(({ symbol }) => symbol === 'ETHUSDT')?.ask ?? '3000') * 1.5));
  const order = await trader.ask('POST', '/api/orders', { body: { ...RESTS, price } });
  const withdrawal = await trader.ask('POST', '/api/withdrawals', {
    body: { asset: 'ETH', network: 'ethereum', address: STRANGER, amount: '1' },
  });
  if (order.status !== 201 || withdrawal.status !== 201)
    throw new Error(`nothing to reach for: ${order.status} ${order.code}, ${withdrawal.status} ${withdrawal.code}`);
  return { order: order.json<{ id: string }>().id, withdrawal: withdrawal.json<{ id: string }>().id };
}

const FOREIGN: readonly [method: string, path: string, what: 'order' | 'withdrawal'][] = [
  ['GET', '/api/orders/:id', 'order'],
  ['DELETE', '/api/orders/:id', 'order'],
  ['GET', '/api/withdrawals/:id', 'withdrawal'],
  ['DELETE', '/api/withdrawals/:id', 'withdrawal'],
  ['GET', '/api/swaps/:id', 'order'],
];
const GUESSES = ['1', '0', '-1', 'none-such', '../1', "1' OR '1'='1", '00000000-0000-0000-0000-000000000000'];

const ids: Attack[] = FOREIGN.flatMap(([method, path, what], row) =>
  ['real', ...GUESSES].map((guess, at): Attack => ({
    id: `OWNER ${row + 1}.${at + 1}`,
    what: `${method} ${path} with ${guess === 'real' ? `another's ${what}` : JSON.stringify(guess)}`,
    quick: at === 0,
    run: async (stage) => {
      const id = guess === 'real' ? (await ownOf(stage))[what] : guess;
      const { status, code } = await stage.other.ask(method, path.replace(':id', encodeURIComponent(id)));
      held([400, 404, 405].includes(status), `${status} ${code}`);
      if (guess === 'real')
        held((await stage.trader.ask('GET', `/api/${what}s/${id}`)).text.includes(id), 'it is gone');
      return `${status} ${code}`;
    },
  })),
);

/** Many at once with one key, and with keys of their own. */
const races: Attack[] = [
  {
    id: 'RACE 1',
    what: 'the same order fifty times at once under one key',
    run: async (stage) => {
      const key = randomBytes(12).toString('hex');
      const body = { symbol: 'ETHUSDT', side: 'BUY', type: 'LIMIT', price: '1000', quantity: '1' };
      const answers = await Promise.all(
        Array.from({ length: 50 }, () =>
          stage.trader.ask('POST', '/api/orders', { body, headers: { 'idempotency-key': key } }),
        ),
      );
      const told = new Set(answers.map(({ status, code }: Answer) => `${status} ${code}`));
      held(told.size === 1, [...told].join(', '));
      return [...told].join(', ');
    },
  },
  {
    id: 'RACE 2',
    what: 'fifty accounts of one address at once',
    run: async (stage) => {
      const email = `race-${randomBytes(4).toString('hex')}@example.org`;
      const answers = await Promise.all(
        Array.from({ length: 20 }, () =>
          stage
            .stranger()
            .ask('POST', '/api/accounts', { body: { email, password: 'a sturdy phrase of mine', locale: 'en' } }),
        ),
      );
      const rows = await stage.query('SELECT id FROM users WHERE email = ?', [email]);
      held(rows.length <= 1 && answers.every(({ status }) => status < 500), `${rows.length} accounts`);
      return `${rows.length} account`;
    },
  },
];

export const owning: readonly Attack[] = [...ids, ...races];
