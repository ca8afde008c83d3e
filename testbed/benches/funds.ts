/** Users and money of a bench, written before the exchange starts: by the same stores and the same engine. */
import { randomBytes } from 'node:crypto';
import { openDatabase } from '../../db/data-source';
import { prepareDatabase } from '../../db/prepare';
import { firstListing, seed } from '../../db/seed';
import { loadRegistry } from '../../db/stores/registry';
import { insertUser, userById } from '../../db/stores/users';
import { createEventBus } from '../../domain/contract/event-bus';
import type { Command, CommandBody, CustodyPlace } from '../../domain/contract/commands';
import { createEngine } from '../../matching/engine';
import { ensureAccount } from '../../server';
import { readConfig } from '../../deploy/config';
import { openNetworks } from '../../deploy/config/networks';

export const PASSWORD = 'a bench needs many users';
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** What each user has, and where the operator's coins lie that it comes from. */
const FUNDS: readonly (readonly [asset: string, each: number, place: CustodyPlace])[] = [
  ['JVZ', 1_000_000, 'cold/own'],
  ['JVG', 1_000_000, 'cold/own'],
  ['ETH', 20, 'binance'],
  ['USDT', 100_000, 'binance'],
];
/** Held at the venue beyond what users have. */
const SPARE = 2;

export const emailOf = (user: number): string => `bench-${user}@javizen.local`;

/** Opens so many verified accounts with the same password, and gives each its funds. */
export async function writeFunds(settings: NodeJS.ProcessEnv, users: number): Promise<void> {
  const config = readConfig(settings);
  await prepareDatabase({ url: config.DATABASE_URL, migrateUrl: config.DATABASE_MIGRATE_URL });
  const dataSource = await openDatabase({ url: config.DATABASE_URL, poolSize: 4 });
  const clock = { now: () => Date.now() };
  const ids = { next: () => `u${randomBytes(12).toString('hex')}` };
  try {
    await seed(
      dataSource,
      firstListing(Object.fromEntries(openNetworks(config).map((network) => [network.id, network]))),
      clock.now(),
    );
    const first = await ensureAccount(
      { dataSource, clock, ids },
      { email: emailOf(0), password: PASSWORD, locale: 'en', kycState: 'APPROVED' },
    );
    const model = await userById(dataSource, first);
    if (!model) throw new Error('the first user is not there');
    const names = [first];
    // One password for all of them is hashed once.
    for (let user = 1; user < users; user++) {
      const id = ids.next();
      await insertUser(dataSource, { ...model, id, email: emailOf(user) });
      names.push(id);
    }
    const engine = createEngine({
      dataSource,
      registry: await loadRegistry(dataSource),
      clock,
      events: createEventBus(() => undefined),
      logger: silent,
      onFenced: () => undefined,
    });
    await engine.start();
    let n = 0;
    const submit = (body: CommandBody) => engine.submit({ ...body, reference: `bench:${++n}` } as Command);
    for (const [asset, each, custody] of FUNDS) {
      await submit({ kind: 'operator.contribute', asset, amount: String(each * users * SPARE), custody });
      await Promise.all(
        names.map((userId) => submit({ kind: 'operator.grant', userId, asset, amount: String(each), why: 'bench' })),
      );
    }
    await engine.stop();
  } finally {
    await dataSource.destroy();
  }
}

/** The same coins at the emulated venue, where the books say that they are. */
export async function fundVenue(url: string, users: number): Promise<void> {
  const add = Object.fromEntries(
    FUNDS.filter(([, , place]) => place === 'binance').map(([asset, each]) => [asset, String(each * users * SPARE)]),
  );
  const response = await fetch(`${url}/control/account`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ add }),
  });
  if (!response.ok) throw new Error(`the emulator did not take the funds (${response.status})`);
}
