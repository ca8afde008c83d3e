/** A stage on a local chain whose blocks the test mines: real wallets, signer, engine and database. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstListing } from '../../db/seed';
import { createEngineStore } from '../../db/stores/engine';
import { testDatabase } from '../../db/testing';
import { createEventBus } from '../../domain/contract/event-bus';
import type { DomainEvent } from '../../domain/contract/events';
import type { Signer, VenueCapital } from '../../domain/contract/ports';
import { formatAmount, parseAmount, parseSigned } from '../../domain/money/amount';
import type { Registry } from '../../domain/registry';
import { createEngine } from '../../matching/engine';
import { createWallets } from '../../wallets';
import type { NetworkConfig, Wallets } from '../../wallets';
import type { ColdPlace } from '../../wallets/chains/cold-places';
import { createSigner, siteOf } from '../../wallets/keys';
import { openRules } from '../../wallets/keys/testing';
import { startAnvil } from '../emulators/evm/anvil';
import type { Anvil } from '../emulators/evm/anvil';
import { bytecodeOf, dataOf } from '../emulators/evm/incidents';
import type { ContractName } from '../emulators/evm/incidents';
import { prepareChain } from '../emulators/evm/prepare';
import { freshMnemonic, stranger } from '../emulators/evm/stranger';
import type { Stranger } from '../emulators/evm/stranger';
import { freePort } from '../services/process';
import { approvalOf } from './approve';

export const N = 3;
export const CHAIN_ID = 31337;
/** Where users of the stage use their passkeys. */
export const ORIGIN = 'https://exchange.example';
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const clock = { now: () => Date.now() };
const closed = async (): Promise<never> => {
  throw new Error('the venue is closed');
};
/** Takes nothing and gives nothing. */
const noVenue: VenueCapital = {
  depositAddress: closed,
  deposits: closed,
  withdrawalTerms: closed,
  withdraw: closed,
  withdrawal: closed,
  balances: closed,
};

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** Waits for something that must come; does `meanwhile` between two looks. */
export async function until<T>(
  what: string,
  check: () => Promise<T | undefined | false>,
  meanwhile: () => Promise<unknown> = async () => undefined,
): Promise<T> {
  for (let tries = 0; tries < 400; tries++) {
    const found = await check();
    if (found) return found;
    await meanwhile();
    await pause(50);
  }
  throw new Error(`never: ${what}`);
}

export interface Deposit {
  readonly txid: string;
  readonly position: string;
  readonly state: string;
  readonly asset: string;
  readonly amount: string;
  readonly userId: string;
  readonly confirmations: number;
  readonly confirmationsNeeded: number;
}

export interface HouseOptions {
  /** Which contract is listed as USDT; the usual one when left out. */
  readonly token?: ContractName;
  /** The rules of the chain. */
  readonly hardfork?: string;
  /** What the signer knows as cold storage. */
  readonly cold?: ColdPlace;
  /** A second network, `bsc`, with a node of its own and the same signer. */
  readonly second?: boolean;
  /** What is listed, where it is another than that of a fresh exchange. */
  readonly listing?: (listing: Registry) => Registry;
}

export class EvmStage {
  readonly alerts: DomainEvent[] = [];
  readonly dir = mkdtempSync(join(tmpdir(), 'incident-'));
  anvil!: Anvil;
  world!: Stranger;
  usdt!: string;
  /** The node of the second network, where there is one. */
  bsc: Anvil | undefined;
  database!: Awaited<ReturnType<typeof testDatabase>>;
  registry!: Registry;
  engine!: ReturnType<typeof createEngine>;
  signer!: Signer & { close(): void };
  hot!: string;
  wallets: Wallets | undefined;
  private readonly running: Wallets[] = [];
  private readonly others: Anvil[] = [];
  private n = 0;
  private readonly bus = createEventBus((error) => {
    throw error;
  });

  static async open({
    token,
    hardfork,
    cold,
    second,
    listing = (fresh) => fresh,
  }: HouseOptions = {}): Promise<EvmStage> {
    const stage = new EvmStage();
    stage.bus.on('alert', (event) => void stage.alerts.push(event));
    stage.anvil = await stage.node(CHAIN_ID, hardfork);
    stage.world = stranger(stage.anvil);
    let ready = false;
    const prepared = prepareChain(stage.anvil.url).finally(() => (ready = true));
    while (!ready) await stage.mine().then(() => pause(20));
    stage.usdt = (await prepared).usdt;
    if (token) stage.usdt = await stage.deploy(token);
    stage.database = await testDatabase();
    if (second) stage.bsc = await stage.node(CHAIN_ID + 1, hardfork);
    stage.registry = firstListing({
      ethereum: { chainId: CHAIN_ID, usdt: stage.usdt, confirmations: N },
      ...(second && { bsc: { chainId: CHAIN_ID + 1, confirmations: N } }),
    });
    await stage.reopen(listing);
    const rails = { ETH: { contract: null, decimals: 18 }, USDT: { contract: stage.usdt, decimals: 6 } };
    stage.signer = createSigner(
      freshMnemonic(),
      {
        networks: {
          ethereum: { chainId: CHAIN_ID, gasAsset: 'ETH', rails },
          ...(second && { bsc: { chainId: CHAIN_ID + 1, gasAsset: 'BNB', rails: { BNB: rails.ETH } } }),
        },
        maxGasCost: '0.05',
        approvals: openRules,
        venueAddresses: 'first-seen',
        site: siteOf(ORIGIN),
        ...(cold && { cold: { ethereum: cold } }),
      },
      stage.dir,
    );
    stage.hot = (await stage.signer.identity('ethereum')).hotAddress;
    return stage;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.engine.stop();
    this.signer.close();
    await this.database.close();
    for (const anvil of this.others) await anvil.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** The engine starts, with another listing than before. */
  async reopen(listing: (listing: Registry) => Registry): Promise<void> {
    const dataSource = this.database.dataSource;
    this.registry = listing(this.registry);
    this.engine = createEngine({
      dataSource,
      registry: this.registry,
      clock,
      events: this.bus,
      logger: silent,
      onFenced: () => undefined,
      store: createEngineStore(dataSource),
    });
    await this.engine.start();
  }

  /** Another real node, with a chain of its own. */
  async node(chainId = CHAIN_ID, hardfork?: string): Promise<Anvil> {
    const name = `node-${this.others.length}`;
    const anvil = await startAnvil({
      dir: join(this.dir, name),
      port: await freePort(),
      chainId,
      blockSeconds: 0,
      logFile: join(this.dir, `${name}.log`),
      ...(hardfork && { hardfork }),
    });
    this.others.push(anvil);
    return anvil;
  }

  /** Wallets on the network; several at a time are several processes with one database. */
  async start(
    over: Partial<NetworkConfig> = {},
    signer: Signer = this.signer,
    venueCapital: VenueCapital = noVenue,
  ): Promise<Wallets> {
    const ids = { next: () => `w${process.pid}x${String(++this.n).padStart(8, '0')}` };
    const settings = { rpcUrls: [this.anvil.url], traces: true, pollMs: 10, gasReserve: '0', replaceAfter: 3, ...over };
    const { engine, registry } = this;
    const wallets = createWallets(
      {
        dataSource: this.database.dataSource,
        engine,
        signer,
        venueCapital,
        events: this.bus,
        clock,
        ids,
        registry,
        logger: silent,
      },
      { networks: { ethereum: settings, ...(this.bsc && { bsc: { ...settings, rpcUrls: [this.bsc.url] } }) } },
    );
    this.running.push(wallets);
    this.wallets = wallets;
    await wallets.start();
    return wallets;
  }

  async stop(): Promise<void> {
    await Promise.all(this.running.splice(0).map((wallets) => wallets.stop()));
    this.wallets = undefined;
  }

  mine(blocks = 1): Promise<void> {
    return this.world.mine(blocks);
  }

  deploy(name: ContractName): Promise<string> {
    return this.world.deploy(bytecodeOf(name));
  }

  /** Calls a contract of `Incidents.sol`, mines, and answers the transaction. */
  async call(name: ContractName, to: string, method: string, values: readonly unknown[], value = 0n): Promise<string> {
    const txid = await this.world.transact({ to, value, data: dataOf(name, method, ...values) });
    await this.mine();
    return txid;
  }

  /** The operator's own ether in the hot wallet, on the chain and in the books. */
  async operatorFunds(amount: string): Promise<void> {
    await this.world.ether(this.hot, amount);
    await this.mine();
    await this.engine.submit({
      kind: 'operator.contribute',
      reference: `contribute:${++this.n}`,
      asset: 'ETH',
      amount,
      custody: 'hot/ethereum',
    });
  }

  addressOf(userId: string, network = 'ethereum'): Promise<string> {
    return this.wallets?.depositAddresses.addressFor(userId, network) ?? Promise.reject(new Error('stopped'));
  }

  async available(userId: string, asset: string): Promise<string> {
    return (await this.engine.balancesOf(userId)).find((row) => row.asset === asset)?.available ?? '0';
  }

  async rows<T>(sql: string, values: unknown[] = []): Promise<T[]> {
    return (await this.database.owner.query(sql, values)) as T[];
  }

  async deposits(): Promise<Deposit[]> {
    const rows = await this.rows<Deposit>(
      'SELECT txid, position, state, asset, amount, user_id AS userId, confirmations, ' +
        'confirmations_needed AS confirmationsNeeded FROM deposits ORDER BY created_at, position',
    );
    return rows.map((row) => ({ ...row, amount: formatAmount(parseAmount(row.amount)) }));
  }

  faults(): string {
    return Object.values(this.wallets?.status()[0]?.faults ?? {}).join('; ');
  }

  codes(): string[] {
    return this.alerts.flatMap((event) => ('code' in event ? [event.code] : []));
  }

  async scanned(height: number, hash: string): Promise<boolean> {
    return (await this.rows('SELECT 1 FROM chain_blocks WHERE height = ? AND hash = ?', [height, hash])).length > 0;
  }

  /** Until the newest block was read, and a whole round after it. */
  async catchUp(): Promise<void> {
    const { height, hash } = await this.world.head();
    await until('the scanner is at the head', () => this.scanned(height, hash));
    await this.wholeRounds(2);
  }

  /**
   * What lies in the chain now was seen, settled and sent on: the round under way may have read it half, so one more.
   */
  private async wholeRounds(count: number): Promise<void> {
    const state = () => this.wallets?.status()[0];
    const from = state()?.rounds ?? 0;
    await until('whole rounds', async () => state()?.state !== 'open' || (state()?.rounds ?? 0) >= from + count);
  }

  /** Mines until every deposit counts, and some more. */
  async final(): Promise<void> {
    await this.mine(N + 2);
    await this.catchUp();
  }

  async custody(place: string, asset: string): Promise<bigint> {
    return parseSigned(
      (await this.engine.custody()).find((row) => row.place === place && row.asset === asset)?.amount ?? '0',
    );
  }

  async onChain(address: string, asset: string): Promise<bigint> {
    return parseAmount(await (asset === 'ETH' ? this.world.etherOf(address) : this.world.tetherOf(this.usdt, address)));
  }

  async withdraw(id: string, asset: string, address: string, amount: string, fee = '0.003'): Promise<void> {
    await this.engine.submit({
      kind: 'withdrawal.request',
      reference: `withdrawal:u1:${id}`,
      withdrawalId: id,
      userId: 'u1',
      asset,
      network: 'ethereum',
      address,
      amount,
      fee,
    });
    await this.engine.submit(await approvalOf(this.engine, id, `approve:${id}`));
  }

  async stateOf(id: string): Promise<string> {
    return (
      (await this.rows<{ state: string }>('SELECT shown_state AS state FROM withdrawals WHERE id = ?', [id]))[0]
        ?.state ?? ''
    );
  }

  async confirmed(id: string): Promise<void> {
    await until(
      `${id} is confirmed`,
      async () => (await this.stateOf(id)) === 'CONFIRMED',
      () => this.mine(),
    );
  }

  /** u1 with ten ether, swept into the hot wallet, and the operator's one for gas. */
  async tenEther(): Promise<void> {
    await this.operatorFunds('1');
    await this.world.ether(await this.addressOf('u1'), '10');
    await until(
      'swept',
      async () => (await this.deposits())[0]?.state === 'SWEPT',
      () => this.mine(),
    );
  }

  /**
   * What the books say lies in the hot wallet and at the deposit addresses is what the chain says, to the last unit.
   */
  async booksAreTheChain(): Promise<void> {
    const addresses = await this.rows<{ address: string }>('SELECT address FROM deposit_addresses');
    for (const asset of ['ETH', 'USDT']) {
      expect([asset, 'hot', await this.custody('hot/ethereum', asset)]).toEqual([
        asset,
        'hot',
        await this.onChain(this.hot, asset),
      ]);
      let lies = 0n;
      for (const { address } of addresses) lies += await this.onChain(address, asset);
      expect([asset, 'deposit', await this.custody('deposit/ethereum', asset)]).toEqual([asset, 'deposit', lies]);
    }
  }
}
