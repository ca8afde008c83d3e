/**
 * The wallets on the TRON emulator whose blocks the caller mines, with the real signer, the real engine and a real
 * database.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstListing } from '../../db/seed';
import type { StakeRow } from '../../db/entities/stakes';
import { createEngineStore } from '../../db/stores/engine';
import { createStakeStore } from '../../db/stores/stakes';
import { testDatabase } from '../../db/testing';
import { createEventBus } from '../../domain/contract/event-bus';
import type { DomainEvent } from '../../domain/contract/events';
import type { Signer, VenueCapital } from '../../domain/contract/ports';
import { createEngine } from '../../matching/engine';
import { createWallets } from '../../wallets';
import type { AssetPolicy } from '../../wallets';
import { createTronChain } from '../../wallets/chains/tron';
import type { ColdPlace } from '../../wallets/chains/cold-places';
import { createSigner } from '../../wallets/keys';
import { openRules } from '../../wallets/keys/testing';
import { compare } from '../../solvency/audit';
import { accountCustody } from '../../wallets/custody/account-based';
import { freshMnemonic } from '../emulators/evm/stranger';
import { LOCAL_TETHER } from '../emulators/tron/accounts';
import { installTron } from '../emulators/tron/install';
import { depositKeyOf, payTron, sendTron, signedTron } from '../emulators/tron/faucet';
import { askTron, startTron } from '../emulators/tron/start';
import type { LocalTron } from '../emulators/tron/start';
import { LOCAL } from '../../deploy/config/paths';
import { freePort } from '../services/process';
import { approvalOf } from './approve';

export type Key = ReturnType<typeof depositKeyOf>;

const packages = join(LOCAL, 'tools', 'tron');
/** Why there is no TRON here, if there is none. */
export const noTron = installTron(packages);
/** Blocks that make a block solid: fewer than in life, so that tests mine less. */
export const SOLIDITY = 4;

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const registry = firstListing({}, undefined, { usdt: LOCAL_TETHER });
const network = registry.networks[0] ?? raise('no network');
const rails = registry.rails;
const closed = (): Promise<never> => Promise.reject(new Error('the venue is closed'));
const venueCapital: VenueCapital = {
  depositAddress: closed,
  deposits: closed,
  withdrawalTerms: closed,
  withdraw: closed,
  withdrawal: closed,
  balances: closed,
};

function raise(message: string): never {
  throw new Error(message);
}

export interface StageOptions {
  /** What of the signer is another one in this life. */
  readonly signer?: Partial<Signer>;
  readonly goodForMs?: number;
  /** Instead of the emulator alone: ways to it. */
  readonly rpcUrls?: readonly string[];
  readonly lendEnergy?: boolean;
  readonly policies?: Readonly<Record<string, AssetPolicy>>;
  readonly gasReserve?: string;
  /** What the exchange is told of cold storage; the signer knows that of `TronStage`. */
  readonly cold?: ColdPlace;
}

/** One emulator for a file of tests; `open` and `close` around each test give a fresh database, signer and engine. */
export class TronStage {
  node!: LocalTron;
  database!: Awaited<ReturnType<typeof testDatabase>>;
  engine!: ReturnType<typeof createEngine>;
  signer!: ReturnType<typeof createSigner>;
  wallets: ReturnType<typeof createWallets> | undefined;
  hot = '';
  readonly alerts: Extract<DomainEvent, { name: 'alert' }>[] = [];
  /** Everybody's clock is ahead by so much. */
  shiftMs = 0;
  private mnemonic!: ReturnType<typeof freshMnemonic>;
  private readonly dir = mkdtempSync(join(tmpdir(), 'wallets-tron-'));
  private ids = 0;
  private readonly bus = createEventBus((error) => {
    throw error;
  });
  private readonly clock = { now: () => Date.now() + this.shiftMs };

  /** Cold storage as the signer knows it, from the next `open` on. */
  cold?: ColdPlace;

  constructor() {
    this.bus.on('alert', (event) => void this.alerts.push(event));
  }

  async start(): Promise<void> {
    this.node = await startTron({
      dir: join(this.dir, 'chain'),
      port: await freePort(),
      packages,
      blockMs: 0,
      solidity: SOLIDITY,
      logFile: join(this.dir, 'log'),
    });
  }

  async end(): Promise<void> {
    await this.node?.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  async open(): Promise<void> {
    this.database = await testDatabase();
    const { dataSource } = this.database;
    this.engine = createEngine({
      dataSource,
      registry,
      clock: this.clock,
      events: this.bus,
      logger: silent,
      onFenced: () => undefined,
      store: createEngineStore(dataSource),
    });
    await this.engine.start();
    this.mnemonic = freshMnemonic();
    const tron = {
      gasAsset: 'TRX',
      rails: {
        TRX: { contract: null, decimals: 6 },
        USDT: { contract: LOCAL_TETHER, decimals: 6, maxPayout: '100000' },
      },
      maxFee: '60',
      maxStake: '50000',
    };
    this.signer = createSigner(
      this.mnemonic,
      {
        networks: {},
        maxGasCost: '0',
        approvals: { ...openRules, now: () => this.clock.now() },
        venueAddresses: 'first-seen',
        trons: { tron },
        ...(this.cold && { cold: { tron: this.cold } }),
      },
      mkdtempSync(join(this.dir, 'keys-')),
    );
    this.hot = (await this.signer.identity('tron')).hotAddress;
    this.alerts.length = 0;
    await this.mine();
  }

  async close(): Promise<void> {
    await this.stopWallets();
    await this.engine.stop();
    this.signer.close();
    await this.database.close();
    await this.control('faults', { solidStops: false, marksForgotten: false, infosLate: false, away: false });
    await this.mine(SOLIDITY + 1);
  }

  async startWallets({
    signer: over = {},
    goodForMs,
    rpcUrls = [this.node.url],
    lendEnergy,
    policies,
    gasReserve = '0',
    cold = this.cold,
  }: StageOptions = {}): Promise<void> {
    const { signer } = this;
    const asked: Signer = {
      identity: (id) => signer.identity(id),
      sign: (intent) => signer.sign(intent),
      signUtxo: (intent) => signer.signUtxo(intent),
      signTron: (intent) => signer.signTron(intent),
      judge: signer.judge,
      approvers: signer.approvers,
      changePasskey: signer.changePasskey,
      droppedPasskeys: signer.droppedPasskeys,
      ...over,
    };
    const ids = { next: () => `t${process.pid}x${String(++this.ids).padStart(8, '0')}` };
    this.wallets = createWallets(
      {
        dataSource: this.database.dataSource,
        engine: this.engine,
        signer: asked,
        venueCapital,
        events: this.bus,
        clock: this.clock,
        ids,
        registry,
        logger: silent,
      },
      {
        networks: {
          tron: {
            rpcUrls,
            tron: 'local',
            traces: false,
            pollMs: 10,
            gasReserve,
            ...(policies && { policies }),
            ...(cold && { cold }),
            ...(goodForMs !== undefined && { goodForMs }),
            ...(lendEnergy !== undefined && { lendEnergy }),
          },
        },
      },
    );
    await this.wallets.start();
  }

  async stopWallets(): Promise<void> {
    await this.wallets?.stop();
    this.wallets = undefined;
  }

  control<T = { height: number; solid: number; waiting: number }>(name: string, asked: object = {}): Promise<T> {
    return askTron<T>(this.node.url, `control/${name}`, asked);
  }

  async mine(blocks = 1): Promise<void> {
    await this.control('mine', { blocks });
  }

  /** Everybody's time goes on. */
  async later(ms: number): Promise<void> {
    this.shiftMs += ms;
    await this.control('advance', { ms });
  }

  async rows<T>(sql: string, values: unknown[] = []): Promise<T[]> {
    return (await this.database.owner.query(sql, values)) as T[];
  }

  async until<T>(
    what: string,
    check: () => Promise<T | undefined | false>,
    meanwhile: () => Promise<unknown> = async () => undefined,
  ): Promise<T> {
    for (let tries = 0; tries < 300; tries++) {
      const found = await check();
      if (found) return found;
      await meanwhile();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`never: ${what}; ${JSON.stringify(this.wallets?.status())}`);
  }

  /** Everything that waits is mined and solid, and the scanner has read it. */
  async settle(): Promise<void> {
    await this.mine(SOLIDITY + 1);
    const { solid } = await this.control('mine', { blocks: 0 });
    await this.until(
      'the scanner is at the solid block',
      async () =>
        (await this.rows('SELECT 1 FROM chain_blocks WHERE network = ? AND height = ?', ['tron', solid])).length > 0,
    );
    // And a round over it has ended.
    await new Promise((resolve) => setTimeout(resolve, 150));
  }

  addressOf(userId: string): Promise<string> {
    return this.wallets?.depositAddresses.addressFor(userId, 'tron') ?? Promise.reject(new Error('stopped'));
  }

  async available(userId: string, asset = 'TRX'): Promise<string> {
    return (await this.engine.balancesOf(userId)).find((row) => row.asset === asset)?.available ?? '0';
  }

  deposits(): Promise<{ txid: string; position: string; asset: string; state: string; amount: string }[]> {
    return this.rows('SELECT txid, position, asset, state, amount FROM deposits ORDER BY created_at, position');
  }

  /** The key of a deposit address of ours: what a thief would have. */
  depositKey(index: number): Key {
    return depositKeyOf(this.mnemonic, index);
  }

  pay(to: string, asset: string, amount: string): Promise<string> {
    return payTron(this.node.url, to, asset, amount);
  }

  async send(key: Key, type: string, value: Record<string, unknown>, feeLimit = 500_000_000n): Promise<string> {
    return sendTron(this.node.url, await signedTron(this.node.url, key, type, value, { feeLimit }));
  }

  /** The operator's own TRX, for what transactions cost. */
  async operatorFunds(amount = '1000'): Promise<void> {
    await this.pay(this.hot, 'TRX', amount);
    await this.mine(SOLIDITY + 1);
    await this.engine.submit({
      kind: 'operator.contribute',
      reference: `contribute:${amount}`,
      asset: 'TRX',
      amount,
      custody: 'hot/tron',
    });
  }

  /** An operator's wish about the stake. */
  async wish(id: string, kind: StakeRow['kind'], resource: StakeRow['resource'], amount: string): Promise<void> {
    const now = this.clock.now();
    const row: StakeRow = {
      id,
      network: 'tron',
      kind,
      resource,
      asset: 'TRX',
      amount,
      state: 'PLANNED',
      why: 'energy',
      adminId: 'a1',
      txid: null,
      readyAt: null,
      reason: null,
      createdAt: now,
      updatedAt: now,
    };
    await createStakeStore(this.database.dataSource).add(row, {
      id: `audit-${id}`,
      adminId: 'a1',
      action: `tron.${kind}`,
      subject: id,
      details: {},
      at: now,
    });
  }

  async wished(id: string): Promise<{ state: string; reason: string | null }> {
    const [row] = await this.rows<{ state: string; reason: string | null }>(
      'SELECT state, reason FROM stakes WHERE id = ?',
      [id],
    );
    return row ?? raise(`no wish ${id}`);
  }

  async custody(place: string, asset = 'TRX'): Promise<string> {
    return (await this.engine.custody()).find((row) => row.place === place && row.asset === asset)?.amount ?? '0';
  }

  async withdraw(id: string, asset: string, address: string, amount: string, fee = '6'): Promise<void> {
    await this.engine.submit({
      kind: 'withdrawal.request',
      reference: `withdrawal:u1:${id}`,
      withdrawalId: id,
      userId: 'u1',
      asset,
      network: 'tron',
      address,
      amount,
      fee,
    });
    await this.engine.submit(await approvalOf(this.engine, id, `approve:${id}`));
  }

  async withdrawal(id: string): Promise<{ state: string; txid: string | null }> {
    const [row] = await this.rows<{ state: string; txid: string | null }>(
      'SELECT shown_state AS state, txid FROM withdrawals WHERE id = ?',
      [id],
    );
    return row ?? raise(`no withdrawal ${id}`);
  }

  async confirmed(id: string): Promise<void> {
    await this.until(
      `${id} is confirmed`,
      async () => (await this.withdrawal(id)).state === 'CONFIRMED',
      () => this.mine(),
    );
  }

  /**
   * What differs between our books and the chain now, place by place, and what breaks a rule of the books: nothing,
   * one hopes.
   */
  async differences(): Promise<unknown[]> {
    await this.settle();
    await this.until(
      'nothing is under way',
      async () =>
        (await this.rows("SELECT 1 FROM chain_transactions WHERE state IN ('PLANNED', 'SIGNED', 'BROADCAST')"))
          .length === 0,
      () => this.mine(),
    );
    return this.differencesNow();
  }

  /** The same, whatever is under way: the comparison must name it. */
  async differencesNow(): Promise<unknown[]> {
    const cold = this.cold && 'addresses' in this.cold ? this.cold.addresses : [];
    const chain = createTronChain(network, rails, { rpcUrl: this.node.url, tron: 'local' });
    const reader = accountCustody({
      network,
      rails,
      chain,
      hotAddress: async () => this.hot,
      cold,
      capital: venueCapital,
    });
    const { findings, places } = await compare(this.database.dataSource, [reader]);
    const here = places.filter(({ place }) => place.endsWith('/tron'));
    if (here.length !== (cold.length > 0 ? 7 : 5)) raise('not every place was compared');
    return [...findings, ...here.filter(({ unexplained }) => unexplained !== 0n)];
  }
}
