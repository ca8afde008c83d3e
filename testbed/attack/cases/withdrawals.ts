/** Coins on their way out: addresses that are none, rows changed in the database, transfers inside. */
import { sleep } from '../../services/process';
import { held } from '../attack';
import type { Attack } from '../attack';
import { PASSWORD } from '../stage';
import type { Browser, Stage } from '../stage';
import { totp } from '../totp';

const GOOD = '0x8ba1f109551bd432803012645ac136ddd64dba72';
const THIEF = '0xde0b295669a9fd93d5f28d9ec85e40f4cb697bae';

const REFUSED = '0x281055afc982d96fab65b3a49cac8b878184cb16';

const ADDRESSES = [
  '0x0000000000000000000000000000000000000000',
  '0x0000000000000000000000000000000000000001',
  '0x0000000000000000000000000000000000000100',
  '0x000000000000000000000000000000000000dEaD',
  '0x000000000000000000000000000000000000c0d',
  '000000000000000000000000000000000000c0de',
  '0x52908400098527886E0F7030069857D2E4169Ee7',
  'vitalik.eth',
  'XE7338O073KYGTWWZN0F2WZ0R8PX5ZPPZS',
  '0x0000000000000000000000000000\u0000000000c0de',
  '0x000000000000000000000000000000000000c0de?value=1',
  '<script>alert(1)</script>',
  'bitcoin:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
  'ethereum:0x00',
  ' ',
  '0x'.padEnd(5000, 'a'),
];

const ask = (browser: Browser, address: string, amount = '0.5') =>
  browser.ask('POST', '/api/withdrawals', { body: { asset: 'ETH', network: 'ethereum', address, amount } });

const addresses: Attack[] = ADDRESSES.map((address, at): Attack => ({
  id: `ADDRESS ${at + 1}`,
  what: `a withdrawal to ${JSON.stringify(address.slice(0, 48))}`,
  quick: at === 0,
  run: async (stage) => {
    const { status, code } = await ask(stage.trader, address);
    held(status >= 400 && status < 500, `${status} ${code}`);
    return `${status} ${code}`;
  },
}));

/** Columns of a waiting withdrawal that somebody in the database may change before an admin looks. */
const CHANGED: readonly [column: string, value: string][] = [
  ['address', THIEF],
  ['amount', '4'],
  ['fee', '0'],
  ['asset', 'USDT'],
  ['network', 'bsc'],
  ['user_id', 'somebody-else'],
  ['state', 'APPROVED'],
  ['memo', 'x'],
];

interface Listed {
  readonly id: string;
  readonly address: string;
  readonly amount: string;
}

/** What the admin is shown of a withdrawal, if it is shown as a payment at all. */
async function shown(stage: Stage, id: string): Promise<Listed | undefined> {
  const { items } = (await stage.admin.ask('GET', '/api/admin/withdrawals?limit=100')).json<{ items: Listed[] }>();
  return items.find((item) => item.id === id);
}

const rows: Attack[] = CHANGED.map(([column, value], at): Attack => ({
  id: `A2.${at + 1}`,
  what: `the ${column} of a waiting withdrawal is changed in the database before the admin looks`,
  quick: at === 0,
  run: async (stage) => {
    const asked = await ask(stage.trader, GOOD, `0.${21 + at}`);
    if (asked.status !== 201) throw new Error(`${asked.status} ${asked.code}`);
    const { id, amount } = asked.json<Listed>();
    await stage.query(`UPDATE withdrawals SET \`${column}\` = ? WHERE id = ?`, [value, id]);
    const row = await shown(stage, id);
    if (row)
      held(
        row.address.toLowerCase() !== THIEF && row.amount === amount,
        `the admin is shown ${row.amount} to ${row.address}`,
      );
    const approved = await stage.admin.ask('POST', `/api/admin/withdrawals/${id}/approve`, { body: {} });
    const left = await stage.query<{ n: string }>('SELECT COUNT(*) AS n FROM chain_transactions WHERE to_address = ?', [
      THIEF,
    ]);
    held(Number(left[0]?.n) === 0, 'a transaction to the thief was planned');
    await stage.admin.ask('POST', `/api/admin/withdrawals/${id}/refuse`, { body: { reason: 'an attack' } });
    return `shown as it was asked for; approving it so: ${approved.status} ${approved.code}`;
  },
}));

/** Set to approved by hand: whoever writes in the database needs no admin then. */
const forged: Attack = {
  id: 'A2.9',
  what: 'a waiting withdrawal is made an approved one to the thief, all in the database',
  run: async (stage) => {
    const asked = await ask(stage.trader, GOOD, '0.31');
    if (asked.status !== 201) throw new Error(`${asked.status} ${asked.code}`);
    const { id } = asked.json<Listed>();
    await stage.query("UPDATE withdrawals SET state = 'APPROVED', address = ? WHERE id = ?", [THIEF, id]);
    const planned = async (): Promise<boolean> =>
      (await stage.query('SELECT 1 FROM chain_transactions WHERE subject = ?', [id])).length > 0;
    for (let tries = 0; tries < 30 && !(await planned()); tries++) await sleep(200);
    held(!(await planned()), 'a transaction was planned');
    await stage.query("UPDATE withdrawals SET state = 'REQUESTED', address = ? WHERE id = ?", [GOOD, id]);
    return 'no transaction is planned in six seconds';
  },
};

/** A factor of the account's, begun and confirmed by its browser. */
async function withFactor(browser: Browser): Promise<(at: number) => string> {
  const { secret } = (await browser.ask('POST', '/api/second-factor', { body: { password: PASSWORD } })).json<{
    secret?: string;
  }>();
  if (!secret) throw new Error('no factor could be begun');
  const { status, code } = await browser.ask('POST', '/api/second-factor/confirm', {
    body: { code: totp(secret, Date.now() - 30_000) },
  });
  if (status !== 200) throw new Error(`the factor was not confirmed: ${status} ${code}`);
  return (at) => totp(secret, at);
}

const stolen: Attack[] = [
  {
    id: 'A4.2',
    what: 'a thief with a session removes the second factor and withdraws at once',
    run: async (stage) => {
      const browser = await stage.logged((await stage.account({ kycState: 'APPROVED' })).email, '127.0.9.1');
      const codeAt = await withFactor(browser);
      const removed = await browser.ask('POST', '/api/second-factor/remove', { body: { code: codeAt(Date.now()) } });
      if (removed.status !== 200) throw new Error(`the factor was not removed: ${removed.status} ${removed.code}`);
      const { status, code } = await ask(browser, GOOD);
      held(code === 'WITHDRAWALS_LOCKED', `${status} ${code}`);
      return `${status} ${code}`;
    },
  },
  {
    id: 'A4.3',
    what: 'a thief with a session withdraws from an account that its owner has frozen',
    run: async (stage) => {
      const { email } = await stage.account({ kycState: 'APPROVED' });
      const [owner, thief] = [await stage.logged(email, '127.0.9.2'), await stage.logged(email, '127.0.9.3')];
      const frozen = await owner.ask('POST', '/api/account/freeze', { body: {} });
      if (frozen.status !== 200) throw new Error(`${frozen.status} ${frozen.code}`);
      const { status, code } = await ask(thief, GOOD);
      held(code === 'ACCOUNT_FROZEN', `${status} ${code}`);
      return `${status} ${code}`;
    },
  },
];

const inside: Attack[] = [
  {
    id: 'A4.1',
    what: 'nearly all is sent to another user inside with a stolen session, beyond the day of the tier',
    run: async (stage) => {
      const { address } = (
        await stage.other.ask('POST', '/api/deposit-addresses', { body: { network: 'ethereum' } })
      ).json<{ address: string }>();
      const asked = await ask(stage.trader, address, '3');
      const state = asked.status === 201 ? asked.json<{ state: string }>().state : '';
      held(asked.status >= 400 || state === 'REQUESTED', `${asked.status} ${state}`);
      return asked.status === 201 ? 'it waits for a person' : `${asked.status} ${asked.code}`;
    },
  },
  {
    id: 'A13.1',
    what: 'an address is named by a withdrawal that is taken back, to be trusted a day later',
    run: async (stage) => {
      const asked = await ask(stage.trader, THIEF, '0.2');
      const { id } = asked.json<{ id: string }>();
      await stage.trader.ask('DELETE', `/api/withdrawals/${id}`);
      const book = await stage.trader.ask('GET', '/api/withdrawal-addresses');
      held(!book.text.toLowerCase().includes(THIEF), 'it stands in the book');
      return 'it is not in the book';
    },
  },
  {
    id: 'A13.2',
    what: 'an address in the book goes on being trusted after an admin has refused a withdrawal to it',
    run: async (stage) => {
      const known = await stage.trader.ask('POST', '/api/withdrawal-addresses', {
        body: { network: 'ethereum', address: REFUSED },
      });
      const asked = await ask(stage.trader, REFUSED, '0.2');
      if (known.status !== 201 || asked.status !== 201)
        throw new Error(`${known.status} ${known.code}, ${asked.status} ${asked.code}`);
      const refused = await stage.admin.ask('POST', `/api/admin/withdrawals/${asked.json<Listed>().id}/refuse`, {
        body: { reason: 'looks stolen' },
      });
      if (refused.status !== 200) throw new Error(`${refused.status} ${refused.code}`);
      const book = await stage.trader.ask('GET', '/api/withdrawal-addresses?limit=100');
      held(!book.text.toLowerCase().includes(REFUSED), 'it stands in the book');
      return 'it is not in the book any more';
    },
  },
];

export const withdrawals: readonly Attack[] = [...addresses, ...inside, ...stolen, ...rows, forged];
