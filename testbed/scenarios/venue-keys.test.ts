/**
 * Each kind of key that Binance gives trades: its orders, its user stream and its questions, checked by the emulator
 * against the public half.
 */
import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatAmount } from '../../domain/money/amount';
import { createBinance } from '../../matching/venues/binance';
import type { Binance } from '../../matching/venues/binance';
import { readSecret } from '../../matching/venues/binance/keys';
import { readConfig } from '../../deploy/config';
import { startEmulator } from '../emulators/binance/main';
import type { Emulator } from '../emulators/binance/main';

const S = 'ETHUSDT';
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
/** A pair of keys as PEM. */
function pair(kind: 'ed25519' | 'rsa' | 'ec'): { secret: string; publicKey: string } {
  const written = (key: KeyObject, type: 'pkcs8' | 'spki'): string =>
    key.export({ type, format: 'pem' } as never).toString();
  const { privateKey, publicKey } =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : kind === 'ec'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519');
  return { secret: written(privateKey, 'pkcs8'), publicKey: written(publicKey, 'spki') };
}
const [edwards, rsa] = [pair('ed25519'), pair('rsa')];
const KEYS = {
  hmac: { secret: 'trading-secret', known: { type: 'hmac' as const, secret: 'trading-secret' } },
  ed25519: { secret: edwards.secret, known: { type: 'ed25519' as const, publicKey: edwards.publicKey } },
  rsa: { secret: rsa.secret, known: { type: 'rsa' as const, publicKey: rsa.publicKey } },
};

let dir: string;
let emulator: Emulator;
let venue: Binance | undefined;

beforeEach(async () => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  dir = mkdtempSync(join(tmpdir(), 'venue-keys-'));
  const apiKeys = Object.entries(KEYS).map(([apiKey, { known }]) => ({
    apiKey,
    permissions: ['TRADE' as const],
    ...known,
  }));
  emulator = await startEmulator({ port: 0, dir, apiKeys, chains: [], balances: { ETH: '1000', USDT: '5000000' } });
});
afterEach(async () => {
  await venue?.stop();
  venue = undefined;
  await emulator.close();
  rmSync(dir, { recursive: true, force: true });
});

async function until(what: string, check: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (check()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`never: ${what}`);
}

async function open(key: keyof typeof KEYS, secret: string): Promise<Binance> {
  const ws = emulator.url.replace('http', 'ws');
  venue = createBinance(
    { restUrl: emulator.url, streamUrl: ws, wsApiUrl: ws, tradingKey: { key, secret }, treasuryKey: { key, secret } },
    [S],
    { clock: { now: () => Date.now() }, logger: silent },
  );
  await venue.start();
  const opened = venue;
  await until('connected, with a book', () => opened.ready() && opened.depth(S) !== undefined);
  return opened;
}

const buy = (id: string, price: string) => ({
  id,
  symbol: S,
  side: 'BUY' as const,
  quantity: '0.01',
  limitPrice: price,
  timestamp: Date.now(),
  recvWindow: 5000,
});

test.each(Object.keys(KEYS) as (keyof typeof KEYS)[])(
  'an %s key places an order, hears of it, and finds it again',
  async (kind) => {
    const binance = await open(kind, KEYS[kind].secret);
    const hints: string[] = [];
    binance.onHint((id) => void hints.push(id));
    const price = formatAmount(binance.depth(S)?.asks[20]?.price ?? 0n);
    const order = buy(`k${kind}1`, price);
    const outcome = await binance.place(order);
    expect(outcome).toMatchObject({ outcome: 'done', trades: [{ symbol: S }] });
    await until('a hint', () => hints.includes(order.id));
    expect(await binance.find(order)).toMatchObject({
      found: 'final',
      venueOrderId: (outcome as { venueOrderId: string }).venueOrderId,
    });
    expect(await binance.capital.balances()).toContainEqual(expect.objectContaining({ asset: 'ETH' }));
    // The socket is cut: it comes back with the key, and trades on.
    emulator.exchange.faults.arm('socket-cut', { match: 'api', probability: 1 });
    emulator.beat();
    emulator.exchange.faults.disarm();
    await until('away', () => !binance.ready());
    await until('back', () => binance.ready());
    expect(await binance.place(buy(`k${kind}2`, price))).toMatchObject({ outcome: 'done' });
    // The key is not good for a while: nothing is sent, and when it is good again orders go out again.
    emulator.exchange.faults.arm('key-revoked', { lasts: 1000, match: 'order.place' });
    expect(await binance.place(buy(`k${kind}3`, price))).toMatchObject({ outcome: 'refused', again: true });
    await until('not ready', () => !binance.ready());
    await until('ready again', () => binance.ready());
    const again = await binance.place(buy(`k${kind}4`, price));
    expect(again).toMatchObject({ outcome: 'done' });
    await until('a hint again', () => hints.includes(`k${kind}4`));
  },
  60_000,
);

test("a pair's key that is not the venue's opens nothing, and no order is sent", async () => {
  const other = pair('ed25519').secret;
  const ws = emulator.url.replace('http', 'ws');
  venue = createBinance(
    {
      restUrl: emulator.url,
      streamUrl: ws,
      wsApiUrl: ws,
      tradingKey: { key: 'ed25519', secret: other },
      treasuryKey: { key: 'ed25519', secret: other },
    },
    [S],
    { clock: { now: () => Date.now() }, logger: silent },
  );
  await expect(venue.capital.balances()).rejects.toMatchObject({ response: { data: { code: -1022 } } });
  expect(await venue.place(buy('never', '1'))).toMatchObject({ outcome: 'refused', again: true });
  expect(emulator.exchange.account.orders.size).toBe(0);
});

test('a private key may have its line ends written out, or lie in a file; what is none is refused with words', () => {
  const { secret } = KEYS.ed25519;
  expect(readSecret(secret.replaceAll('\n', '\\n'))).toMatchObject({ kind: 'Ed25519' });
  expect(readSecret(KEYS.rsa.secret).kind).toBe('RSA');
  expect(readSecret('plain').kind).toBe('HMAC');
  expect(() => readSecret(secret.slice(0, 60))).toThrow('must be a whole PEM');
  expect(() => readSecret(pair('ec').secret)).toThrow('takes Ed25519 and RSA keys');
  const file = join(dir, 'key.pem');
  writeFileSync(file, secret);
  const env = { BINANCE_TRADING_SECRET: file, BINANCE_TREASURY_SECRET: join(dir, 'none.pem') };
  expect(() => readConfig(env)).toThrow('BINANCE_TREASURY_SECRET: the file of the key cannot be read (ENOENT)');
  expect(() => readConfig(env)).not.toThrow('BINANCE_TRADING_SECRET');
});
