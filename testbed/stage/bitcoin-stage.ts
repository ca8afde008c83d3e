/** A stage on a Bitcoin node whose blocks the test mines: real wallets, signer, engine and database. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstListing } from '../../db/seed';
import { readBookFacts } from '../../db/stores/audit';
import { createEngineStore } from '../../db/stores/engine';
import { testDatabase } from '../../db/testing';
import { createEventBus } from '../../domain/contract/event-bus';
import type { DomainEvent } from '../../domain/contract/events';
import type { Signer, VenueCapital } from '../../domain/contract/ports';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { Registry } from '../../domain/registry';
import { auditBooks } from '../../ledger/audit';
import { createEngine } from '../../matching/engine';
import { createWallets } from '../../wallets';
import type { NetworkConfig, Wallets } from '../../wallets';
import { accountKeysOf, accountOf, scriptOf } from '../../wallets/chains/bitcoin/addresses';
import { planPayments } from '../../wallets/chains/bitcoin/coins';
import type { Coin, Payment } from '../../wallets/chains/bitcoin/coins';
import { createBitcoinNode } from '../../wallets/chains/bitcoin/node';
import { buildPsbt, checkPsbt, signPsbt } from '../../wallets/chains/bitcoin/psbt';
import type { ColdPlace } from '../../wallets/chains/cold-places';
import { createSigner } from '../../wallets/keys';
import type { ApprovalRules } from '../../wallets/keys';
import { openRules } from '../../wallets/keys/testing';
import { bitcoinPlaces } from './readers';
import { installBcoin } from '../emulators/bitcoin/install';
import { askBitcoin, startBitcoin } from '../emulators/bitcoin/start';
import type { LocalBitcoin } from '../emulators/bitcoin/start';
import { freshMnemonic } from '../emulators/evm/stranger';
import { LOCAL } from '../../deploy/config/paths';
import { freePort } from '../services/process';
import { until } from './evm-stage';
import type { Deposit } from './evm-stage';
import { approvalOf } from './approve';

export const N = 3;
const packages = join(LOCAL, 'tools', 'bitcoin');
/** Why there is no Bitcoin node here, or undefined when there is one. */
export const noBitcoin = (): string | undefined => installBcoin(packages);

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const clock = { now: () => Date.now() };
const closed = async (): Promise<never> => {
  throw new Error('the venue is closed');
};
const noVenue: VenueCapital = {
  depositAddress: closed,
  deposits: closed,
  withdrawalTerms: closed,
  withdraw: closed,
  withdrawal: closed,
  balances: closed,
};
/** Somebody else, with a key and coins of their own. */
const other = accountKeysOf(Buffer.alloc(64, 29), 'regtest');
export const others = accountOf(other.xpub, 'regtest');
export const scriptFor = (address: string): Uint8Array => scriptOf(address, 'regtest') ?? new Uint8Array();

export class BitcoinStage {
  readonly alerts: DomainEvent[] = [];
  registry = firstListing({}, { confirmations: N });
  node!: LocalBitcoin;
  database!: Awaited<ReturnType<typeof testDatabase>>;
  engine!: ReturnType<typeof createEngine>;
  signer!: ReturnType<typeof createSigner>;
  wallets: Wallets | undefined;
  private readonly dir = mkdtempSync(join(tmpdir(), 'incident-bitcoin-'));
  private n = 0;
  private readonly bus = createEventBus((error) => {
    throw error;
  });

  static async open({
    cold,
    rules = openRules,
    listing,
  }: {
    cold?: ColdPlace;
    rules?: ApprovalRules;
    listing?: (registry: Registry) => Registry;
  } = {}): Promise<BitcoinStage> {
    const stage = new BitcoinStage();
    stage.registry = listing?.(stage.registry) ?? stage.registry;
    stage.bus.on('alert', (event) => void stage.alerts.push(event));
    stage.node = await startBitcoin({
      dir: join(stage.dir, 'chain'),
      port: await freePort(),
      packages,
      user: 'u',
      password: 'p',
      blockSeconds: 0,
      logFile: join(stage.dir, 'log'),
    });
    stage.database = await testDatabase();
    const dataSource = stage.database.dataSource;
    stage.engine = createEngine({
      dataSource,
      registry: stage.registry,
      clock,
      events: stage.bus,
      logger: silent,
      onFenced: () => undefined,
      store: createEngineStore(dataSource),
    });
    await stage.engine.start();
    stage.signer = createSigner(
      freshMnemonic(),
      {
        networks: {},
        maxGasCost: '0',
        approvals: rules,
        venueAddresses: 'first-seen',
        coins: { bitcoin: { chain: 'regtest', asset: 'BTC', maxFee: '0.0005' } },
        ...(cold && { cold: { bitcoin: cold } }),
      },
      mkdtempSync(join(stage.dir, 'keys-')),
    );
    await stage.ask('setfeerate', 5000);
    return stage;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.engine.stop();
    this.signer.close();
    await this.database.close();
    await this.node.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  async start(over: Partial<NetworkConfig> = {}, signing: Partial<Signer> = {}): Promise<Wallets> {
    this.wallets = this.another(over, signing);
    await this.wallets.start();
    return this.wallets;
  }

  /** Wallets of another process over the same database, the same engine and the same signer; not started. */
  another(over: Partial<NetworkConfig> = {}, signing: Partial<Signer> = {}): Wallets {
    const ids = { next: () => `w${process.pid}x${String(++this.n).padStart(8, '0')}` };
    const bitcoin = {
      rpcUrls: [this.node.url],
      bitcoin: 'regtest' as const,
      traces: false,
      pollMs: 10,
      gasReserve: '0',
      replaceAfter: 2,
      ...over,
    };
    const { engine, registry, signer: real } = this;
    const signer: Signer = {
      identity: (network) => real.identity(network),
      sign: (intent) => real.sign(intent),
      signUtxo: (intent) => real.signUtxo(intent),
      signTron: (intent) => real.signTron(intent),
      judge: real.judge,
      approvers: real.approvers,
      changePasskey: real.changePasskey,
      droppedPasskeys: real.droppedPasskeys,
      ...signing,
    };
    return createWallets(
      {
        dataSource: this.database.dataSource,
        engine,
        signer,
        venueCapital: noVenue,
        events: this.bus,
        clock,
        ids,
        registry,
        logger: silent,
      },
      { networks: { bitcoin } },
    );
  }

  async stop(): Promise<void> {
    await this.wallets?.stop();
    this.wallets = undefined;
  }

  ask<T>(method: string, ...params: unknown[]): Promise<T> {
    return askBitcoin<T>(this.node.url, method, ...params);
  }

  async mine(blocks = 1): Promise<void> {
    for (let at = 0; at < blocks; at++) await this.ask('mine');
  }

  /** Blocks in which nothing that waits is taken. */
  async mineEmpty(blocks = 1): Promise<void> {
    for (let at = 0; at < blocks; at++) await this.mineOnly([]);
  }

  /** A block of just these transactions. */
  async mineOnly(raw: readonly string[]): Promise<void> {
    await this.ask('generateblock', others.own(0, 9).address, raw);
  }

  addressOf(userId: string): Promise<string> {
    return this.wallets?.depositAddresses.addressFor(userId, 'bitcoin') ?? Promise.reject(new Error('stopped'));
  }

  async available(userId: string): Promise<string> {
    return (await this.engine.balancesOf(userId)).find((row) => row.asset === 'BTC')?.available ?? '0';
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

  async catchUp(): Promise<void> {
    const hash = await this.ask<string>('getbestblockhash');
    await until(
      'the scanner is at the head',
      async () => (await this.rows('SELECT 1 FROM chain_blocks WHERE hash = ?', [hash])).length > 0,
    );
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

  async final(): Promise<void> {
    await this.mine(N + 1);
    await this.catchUp();
  }

  /** A coin of somebody else's, mined. */
  async othersCoin(child: number, amount: string): Promise<Coin> {
    const txid = await this.ask<string>('sendtoaddress', others.own(0, child).address, amount);
    await this.mine();
    const { vout } = await this.ask<{ vout: { n: number; scriptPubKey: { hex: string } }[] }>(
      'getrawtransaction',
      txid,
      true,
    );
    const theirs = Buffer.from(others.own(0, child).script).toString('hex');
    return {
      txid,
      index: vout.find(({ scriptPubKey }) => scriptPubKey.hex === theirs)?.n ?? -1,
      value: parseAmount(amount) / 10n ** 10n,
      branch: 0,
      child,
    };
  }

  /** Their transaction, signed by them; its rate in satoshi a thousand virtual bytes. */
  async othersPay(coin: Coin, payments: Payment[], rate = 5000n): Promise<{ rawTransaction: string; txid: string }> {
    const maker = await createBitcoinNode({ rpcUrl: this.node.url, network: 'regtest', asset: 'BTC' }).transaction(
      coin.txid,
    );
    const plan = planPayments([coin], payments, rate);
    const psbt = buildPsbt(plan, {
      account: others,
      network: 'regtest',
      fingerprint: other.fingerprint,
      changeIndex: 5,
      transaction: () => maker,
    });
    return signPsbt(
      checkPsbt(psbt, { account: others, network: 'regtest', payments, mostFee: 10_000_000n }),
      other.key,
    );
  }

  async withdraw(id: string, address: string, amount: string, fee = '0.0005'): Promise<void> {
    await this.engine.submit({
      kind: 'withdrawal.request',
      reference: `withdrawal:u1:${id}`,
      withdrawalId: id,
      userId: 'u1',
      asset: 'BTC',
      network: 'bitcoin',
      address,
      amount,
      fee,
    });
    await this.engine.submit(await approvalOf(this.engine, id, `approve:${id}`));
  }

  /** u1 with these coins, each an output of its own. */
  async funded(...amounts: string[]): Promise<void> {
    const address = await this.addressOf('u1');
    for (const amount of amounts) await this.ask('sendtoaddress', address, amount);
    await until(
      'credited',
      async () => (await this.rows("SELECT 1 FROM deposits WHERE state = 'CREDITED'")).length === amounts.length,
      () => this.mine(),
    );
  }

  /** Coins of the operator's own, for fees that a withdrawal's does not cover. */
  async operatorFunds(amount: string): Promise<void> {
    await this.ask('sendtoaddress', (await this.signer.identity('bitcoin')).hotAddress, amount);
    await until(
      'there',
      async () => (await this.rows('SELECT 1 FROM utxos WHERE branch = 1 AND height IS NOT NULL')).length === 1,
      () => this.mine(),
    );
    await this.engine.submit({
      kind: 'operator.contribute',
      reference: 'contribute:1',
      asset: 'BTC',
      amount,
      custody: 'hot/bitcoin',
    });
    await this.final();
  }

  async withdrawal(
    id: string,
  ): Promise<{ state: string; txid: string | null; reason: string | null; confirmations: number }> {
    const [row] = await this.rows<{ state: string; txid: string | null; reason: string | null; confirmations: number }>(
      'SELECT shown_state AS state, txid, reason, confirmations FROM withdrawals WHERE id = ?',
      [id],
    );
    if (!row) throw new Error(`no withdrawal ${id}`);
    return row;
  }

  /** What was booked as the network's fees so far. */
  async networkFees(): Promise<string> {
    return formatAmount(
      -(
        (await readBookFacts(this.database.dataSource)).balances.find(
          ({ account }) => account === 'expense/network-fee',
        )?.amount ?? 0n
      ),
    );
  }

  /**
   * Nothing is under way, the books keep every rule, no reservation is left over, and each of our coins lies where
   * they say, to the satoshi.
   */
  async booksAreTheChain(): Promise<void> {
    await this.catchUp();
    await until(
      'nothing is under way',
      async () =>
        (await this.rows("SELECT 1 FROM chain_transactions WHERE state IN ('PLANNED', 'SIGNED', 'BROADCAST')"))
          .length === 0,
      () => this.mine(),
    );
    const { dataSource } = this.database;
    const facts = await readBookFacts(dataSource);
    expect([auditBooks(facts), await this.rows('SELECT reference FROM costs WHERE settled = 0')]).toEqual([[], []]);
    const node = createBitcoinNode({ rpcUrl: this.node.url, network: 'regtest', asset: 'BTC' });
    const places = await bitcoinPlaces(dataSource, this.registry.networks[0], node);
    expect(places.map(({ place, unexplained }) => [place, unexplained])).toEqual([
      ['hot/bitcoin', 0n],
      ['deposit/bitcoin', 0n],
      ['cold/bitcoin', 0n],
    ]);
  }

  async confirmed(id: string): Promise<void> {
    await until(
      `${id} is confirmed`,
      async () =>
        (await this.rows<{ state: string }>('SELECT shown_state AS state FROM withdrawals WHERE id = ?', [id]))[0]
          ?.state === 'CONFIRMED',
      () => this.mine(),
    );
  }
}
