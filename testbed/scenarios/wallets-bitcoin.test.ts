/**
 * The wallets on a real Bitcoin node whose blocks we mine, with the real signer, the real engine and a real database.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstListing } from '../../db/seed';
import { readBookFacts } from '../../db/stores/audit';
import { createEngineStore } from '../../db/stores/engine';
import { testDatabase } from '../../db/testing';
import { createEventBus } from '../../domain/contract/event-bus';
import type { DomainEvent } from '../../domain/contract/events';
import type { UtxoIntent, CoinPayment, Signer, VenueCapital } from '../../domain/contract/ports';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import { auditBooks } from '../../ledger/audit';
import { createEngine } from '../../matching/engine';
import { createWallets } from '../../wallets';
import { accountKeysOf, accountOf, scriptOf } from '../../wallets/chains/bitcoin/addresses';
import { planPayments } from '../../wallets/chains/bitcoin/coins';
import type { Coin, Payment, Plan } from '../../wallets/chains/bitcoin/coins';
import { createBitcoinNode } from '../../wallets/chains/bitcoin/node';
import { buildPsbt, checkPsbt, signPsbt } from '../../wallets/chains/bitcoin/psbt';
import { createSigner } from '../../wallets/keys';
import { openRules } from '../../wallets/keys/testing';
import { bitcoinPlaces } from '../stage/readers';
import { paidBy, strangersAddress } from '../emulators/bitcoin/faucet';
import { installBcoin } from '../emulators/bitcoin/install';
import { askBitcoin, startBitcoin } from '../emulators/bitcoin/start';
import type { LocalBitcoin } from '../emulators/bitcoin/start';
import { freshMnemonic } from '../emulators/evm/stranger';
import { LOCAL } from '../../deploy/config/paths';
import { freePort } from '../services/process';
import { approvalOf } from '../stage/approve';

jest.setTimeout(120_000);

const packages = join(LOCAL, 'tools', 'bitcoin');
const absent = installBcoin(packages);
if (absent) process.stderr.write(`${absent}\n`);
const onNode = absent ? describe.skip : describe;

onNode('wallets on Bitcoin', () => {
  const N = 3;
  const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const registry = firstListing({}, { confirmations: N });
  const clock = { now: () => Date.now() };
  /** Somebody else, with a key and coins of their own. */
  const other = accountKeysOf(Buffer.alloc(64, 23), 'regtest');
  const others = accountOf(other.xpub, 'regtest');
  const alerts: DomainEvent[] = [];
  const bus = createEventBus((error) => {
    throw error;
  });
  bus.on('alert', (event) => void alerts.push(event));
  const closed = async (): Promise<never> => {
    throw new Error('the venue is closed');
  };
  const venueCapital: VenueCapital = {
    depositAddress: closed,
    deposits: closed,
    withdrawalTerms: closed,
    withdraw: closed,
    withdrawal: closed,
    balances: closed,
  };

  let dir: string;
  let node: LocalBitcoin;
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let engine: ReturnType<typeof createEngine>;
  let signer: ReturnType<typeof createSigner>;
  let wallets: ReturnType<typeof createWallets> | undefined;
  let hot: string;
  let n = 0;
  const chain = () => createBitcoinNode({ rpcUrl: node.url, network: 'regtest', asset: 'BTC' });
  const ask = <T>(method: string, ...params: unknown[]): Promise<T> => askBitcoin<T>(node.url, method, ...params);
  const rows = async <T>(sql: string, values: unknown[] = []): Promise<T[]> =>
    (await database.dataSource.query(sql, values)) as T[];
  const mine = async (blocks = 1): Promise<void> => {
    for (let at = 0; at < blocks; at++) await ask('mine');
  };
  /** Blocks in which nothing that waits is taken. */
  const mineEmpty = async (blocks = 1): Promise<void> => {
    for (let at = 0; at < blocks; at++) await ask('generateblock', others.own(0, 9).address, []);
  };
  async function until<T>(
    what: string,
    check: () => Promise<T | undefined | false>,
    meanwhile: () => Promise<unknown> = async () => undefined,
  ): Promise<T> {
    for (let tries = 0; tries < 400; tries++) {
      const found = await check();
      if (found) return found;
      await meanwhile();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`never: ${what}`);
  }
  const catchUp = async (): Promise<void> => {
    const hash = await ask<string>('getbestblockhash');
    await until(
      'the scanner is at the head',
      async () => (await rows('SELECT 1 FROM chain_blocks WHERE hash = ?', [hash])).length > 0,
    );
    // And a round over it has ended.
    await new Promise((resolve) => setTimeout(resolve, 150));
  };
  const startWallets = async (over: Partial<Signer> = {}): Promise<void> => {
    const asked: Signer = {
      identity: (network) => signer.identity(network),
      sign: (intent) => signer.sign(intent),
      signUtxo: (intent) => signer.signUtxo(intent),
      signTron: (intent) => signer.signTron(intent),
      judge: signer.judge,
      approvers: signer.approvers,
      changePasskey: signer.changePasskey,
      droppedPasskeys: signer.droppedPasskeys,
      ...over,
    };
    const ids = { next: () => `w${process.pid}x${String(++n).padStart(8, '0')}` };
    wallets = createWallets(
      {
        dataSource: database.dataSource,
        engine,
        signer: asked,
        venueCapital,
        events: bus,
        clock,
        ids,
        registry,
        logger: silent,
      },
      {
        networks: {
          bitcoin: {
            rpcUrls: [node.url],
            bitcoin: 'regtest',
            traces: false,
            pollMs: 10,
            gasReserve: '0',
            replaceAfter: 2,
          },
        },
      },
    );
    await wallets.start();
  };
  const stopWallets = async (): Promise<void> => {
    await wallets?.stop();
    wallets = undefined;
  };

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'wallets-bitcoin-'));
    node = await startBitcoin({
      dir: join(dir, 'chain'),
      port: await freePort(),
      packages,
      user: 'u',
      password: 'p',
      blockSeconds: 0,
      logFile: join(dir, 'log'),
    });
  });
  afterAll(async () => {
    await node?.stop();
    rmSync(dir, { recursive: true, force: true });
  });
  beforeEach(async () => {
    database = await testDatabase();
    engine = createEngine({
      dataSource: database.dataSource,
      registry,
      clock,
      events: bus,
      logger: silent,
      onFenced: () => undefined,
      store: createEngineStore(database.dataSource),
    });
    await engine.start();
    signer = createSigner(
      freshMnemonic(),
      {
        networks: {},
        maxGasCost: '0',
        approvals: openRules,
        venueAddresses: 'first-seen',
        coins: { bitcoin: { chain: 'regtest', asset: 'BTC', maxFee: '0.0005' } },
      },
      mkdtempSync(join(dir, 'keys-')),
    );
    hot = (await signer.identity('bitcoin')).hotAddress;
    alerts.length = 0;
    await ask('setfeerate', 5000);
  });
  afterEach(async () => {
    await stopWallets();
    await engine.stop();
    signer.close();
    await database.close();
    await mine();
  });

  const addressOf = (userId: string): Promise<string> =>
    wallets?.depositAddresses.addressFor(userId, 'bitcoin') ?? Promise.reject(new Error('stopped'));
  const available = async (userId: string): Promise<string> =>
    (await engine.balancesOf(userId)).find((row) => row.asset === 'BTC')?.available ?? '0';
  const deposits = (): Promise<{ txid: string; position: string; state: string }[]> =>
    rows('SELECT txid, position, state FROM deposits ORDER BY created_at, position');
  const script = (address: string): Uint8Array => scriptOf(address, 'regtest') ?? new Uint8Array();
  /** A coin of somebody else's, mined. */
  const othersCoin = async (child: number, amount: string): Promise<Coin> => {
    const txid = await ask<string>('sendtoaddress', others.own(0, child).address, amount);
    await mine();
    const { vout } = await ask<{ vout: { n: number; scriptPubKey: { hex: string } }[] }>(
      'getrawtransaction',
      txid,
      true,
    );
    const mineOf = Buffer.from(others.own(0, child).script).toString('hex');
    return {
      txid,
      index: vout.find(({ scriptPubKey }) => scriptPubKey.hex === mineOf)?.n ?? -1,
      value: parseAmount(amount) / 10n ** 10n,
      branch: 0,
      child,
    };
  };
  /** Their transaction, signed by them. */
  const othersPay = async (
    coin: Coin,
    payments: Payment[],
    rate: bigint,
  ): Promise<{ rawTransaction: string; txid: string }> => {
    const maker = await chain().transaction(coin.txid);
    const plan = planPayments([coin], payments, rate);
    const psbt = buildPsbt(plan, {
      account: others,
      network: 'regtest',
      fingerprint: other.fingerprint,
      changeIndex: 5,
      transaction: () => maker,
    });
    return signPsbt(checkPsbt(psbt, { account: others, network: 'regtest', payments, mostFee: 1_000_000n }), other.key);
  };
  /** Our books keep every rule, and each of our coins lies where they say, to the satoshi. */
  const booksAreTheChain = async (): Promise<void> => {
    await catchUp();
    await until(
      'nothing is under way',
      async () =>
        (await rows("SELECT 1 FROM chain_transactions WHERE state IN ('PLANNED', 'SIGNED', 'BROADCAST')")).length === 0,
    );
    expect(auditBooks(await readBookFacts(database.dataSource))).toEqual([]);
    const places = await bitcoinPlaces(database.dataSource, registry.networks[0], chain(), venueCapital);
    expect(places.map(({ place, unexplained }) => [place, unexplained])).toEqual([
      ['hot/bitcoin', 0n],
      ['deposit/bitcoin', 0n],
      ['cold/bitcoin', 0n],
    ]);
  };

  describe('deposits', () => {
    test(
      'E20 two outputs of one transaction to one user, a small one and one to another: each ' +
        'credited once after three blocks',
      async () => {
        await startWallets();
        const [one, two] = [await addressOf('u1'), await addressOf('u2')];
        expect(await addressOf('u1')).toBe(one);
        const coin = await othersCoin(1, '1');
        const payments = [
          [one, 30_000_000n],
          [one, 10_000_001n],
          [one, 5000n],
          [two, 20_000_000n],
        ].map(([to, value]) => ({ script: script(String(to)), value: BigInt(value ?? 0) }));
        await ask('sendrawtransaction', (await othersPay(coin, payments, 5000n)).rawTransaction);
        await mine(N - 1);
        await until('seen', async () => (await deposits()).length === 4);
        await catchUp();
        expect([await available('u1'), await available('u2')]).toEqual(['0', '0']);
        await mine();
        await until(
          'credited',
          async () => (await deposits()).filter(({ state }) => state === 'CREDITED').length === 3,
        );
        await stopWallets();
        await startWallets();
        await mine(2);
        await catchUp();
        expect([await available('u1'), await available('u2')]).toEqual(['0.40000001', '0.2']);
        expect((await deposits()).map(({ state }) => state).toSorted()).toEqual([
          'CREDITED',
          'CREDITED',
          'CREDITED',
          'IGNORED',
        ]);
        await booksAreTheChain();
      },
    );

    /** Pays u1 half a coin and answers the bytes that pay it to somebody else instead, and the block. */
    const paidAndDenied = async (child: number): Promise<{ block: string; denial: string }> => {
      const coin = await othersCoin(child, '1');
      await ask(
        'sendrawtransaction',
        (await othersPay(coin, [{ script: script(await addressOf('u1')), value: 50_000_000n }], 5000n)).rawTransaction,
      );
      await mine();
      const block = await ask<string>('getbestblockhash');
      await until('seen', async () => (await deposits()).length === 1);
      return {
        block,
        denial: (await othersPay(coin, [{ script: script(strangersAddress()), value: 50_000_000n }], 6000n))
          .rawTransaction,
      };
    };

    test('E7 its block is lost before it counts, and the coin is paid to somebody else: never credited', async () => {
      await startWallets();
      const { block, denial } = await paidAndDenied(2);
      await ask('invalidateblock', block);
      await ask('generateblock', others.own(0, 9).address, [denial]);
      await mine(N + 1);
      await until('orphaned', async () => (await deposits())[0]?.state === 'ORPHANED');
      await catchUp();
      expect(await available('u1')).toBe('0');
      await booksAreTheChain();
    });

    test('E8 its block is lost after it was credited: taken back; where it is mined again it is credited again', async () => {
      await startWallets();
      const { block, denial } = await paidAndDenied(3);
      await mine(N - 1);
      await until('credited', async () => (await available('u1')) === '0.5');
      await ask('invalidateblock', block);
      await mine(N + 1);
      await catchUp();
      await until(
        'credited again',
        async () =>
          (await rows("SELECT 1 FROM commands WHERE kind = 'deposit.credit'")).length === 2 &&
          (await available('u1')) === '0.5',
      );
      const [again] = await rows<{ hash: string }>('SELECT block_hash AS hash FROM deposits');
      await ask('invalidateblock', again?.hash);
      await ask('generateblock', others.own(0, 9).address, [denial]);
      await mine(N + 3);
      await until('taken back', async () => (await deposits())[0]?.state === 'ORPHANED');
      expect(await available('u1')).toBe('0');
      expect(alerts.filter((event) => event.name === 'alert' && event.code === 'DEPOSIT_REVERSED')).toHaveLength(2);
      await booksAreTheChain();
    });
  });

  const withdraw = async (id: string, address: string, amount: string): Promise<void> => {
    await engine.submit({
      kind: 'withdrawal.request',
      reference: `withdrawal:u1:${id}`,
      withdrawalId: id,
      userId: 'u1',
      asset: 'BTC',
      network: 'bitcoin',
      address,
      amount,
      fee: '0.0005',
    });
    await engine.submit(await approvalOf(engine, id, `approve:${id}`));
  };
  const withdrawal = async (id: string): Promise<{ state: string; txid: string | null }> => {
    const [row] = await rows<{ state: string; txid: string | null }>(
      'SELECT shown_state AS state, txid FROM withdrawals WHERE id = ?',
      [id],
    );
    if (!row) throw new Error(`no withdrawal ${id}`);
    return row;
  };
  const confirmed = (id: string): Promise<true> =>
    until(
      `${id} is confirmed`,
      async () => (await withdrawal(id)).state === 'CONFIRMED',
      () => mine(),
    ).then(() => true);
  /** u1 with three coins, of which no two alone pay for everything. */
  const funded = async (): Promise<void> => {
    const address = await addressOf('u1');
    for (const amount of ['0.5', '0.4', '0.3']) await ask('sendtoaddress', address, amount);
    await until(
      'credited',
      async () => (await available('u1')) === '1.2',
      () => mine(),
    );
  };
  /** Fees that a withdrawal's own does not cover are the operator's. */
  const operatorFunds = async (): Promise<void> => {
    await ask('sendtoaddress', hot, '0.01');
    await until(
      'there',
      async () => (await rows('SELECT 1 FROM utxos WHERE branch = 1 AND height IS NOT NULL')).length === 1,
      () => mine(),
    );
    await engine.submit({
      kind: 'operator.contribute',
      reference: 'contribute:1',
      asset: 'BTC',
      amount: '0.01',
      custody: 'hot/bitcoin',
    });
  };
  const fees = async (): Promise<string> =>
    formatAmount(
      -(
        (await readBookFacts(database.dataSource)).balances.find(({ account }) => account === 'expense/network-fee')
          ?.amount ?? 0n
      ),
    );

  describe('withdrawals', () => {
    test(
      'deposits are spent where they lie, the rest comes back to a new address of ours; the next ' +
        'one waits for that change',
      async () => {
        await startWallets();
        await funded();
        const [to, next] = [strangersAddress(), strangersAddress()];
        await withdraw('w1', to, '0.85');
        await until('on its way', async () => (await withdrawal('w1')).state === 'BROADCAST');
        await withdraw('w2', next, '0.34');
        await until('waits', async () => (await withdrawal('w2')).state === 'WAITING_FUNDS');
        await confirmed('w1');
        await confirmed('w2');
        const paid = [await withdrawal('w1'), await withdrawal('w2')].map(({ txid }) => txid ?? '');
        expect([await paidBy(node.url, paid[0] ?? '', to), await paidBy(node.url, paid[1] ?? '', next)]).toEqual([
          '0.85',
          '0.34',
        ]);
        const changes = await rows<{ child: number }>('SELECT child_index AS child FROM utxos WHERE branch = 1');
        expect(await rows('SELECT 1 FROM venue_transfers')).toEqual([]);
        expect(changes.map(({ child }) => Number(child)).toSorted()).toEqual([1, 2]);
        await until('swept', async () => (await deposits()).every(({ state }) => state === 'SWEPT'));
        await booksAreTheChain();
        expect(Number(await fees())).toBeGreaterThan(0);
      },
    );

    test('E14 killed after the signature was lost, and again between signature and broadcast: paid once', async () => {
      await startWallets();
      await funded();
      await stopWallets();
      const asked: string[] = [];
      const to = strangersAddress();
      await withdraw('w1', to, '0.6');
      for (const life of ['lost', 'dies', 'lives'] as const) {
        await startWallets({
          signUtxo: async (intent) => {
            const signed = await signer.signUtxo(intent);
            asked.push(signed.txid);
            if (life !== 'lives') void wallets?.stop();
            if (life === 'lost') throw new Error('the signer is away');
            return signed;
          },
        });
        if (life === 'lost') await until('asked', async () => asked.length > 0);
        if (life === 'dies') await until('stored', async () => (await withdrawal('w1')).state === 'SIGNED');
        if (life === 'lives') await confirmed('w1');
        if (life !== 'lives') {
          await stopWallets();
          expect(await ask('getrawmempool')).toEqual([]);
        }
      }
      const { txid } = await withdrawal('w1');
      expect(new Set(asked)).toEqual(new Set([txid]));
      expect(await paidBy(node.url, txid ?? '', to)).toBe('0.6');
      await mine(N);
      await booksAreTheChain();
      expect(await rows('SELECT 1 FROM chain_transactions')).toHaveLength(1);
    });

    test('E12 stuck, it is replaced at a higher fee by the same coins; whichever is mined is what is booked', async () => {
      await startWallets();
      await funded();
      await operatorFunds();
      const to = strangersAddress();
      await withdraw('w1', to, '0.6');
      await until('on its way', async () => (await withdrawal('w1')).state === 'BROADCAST');
      const first = (await withdrawal('w1')).txid ?? '';
      const raw = await ask<string>('getrawtransaction', first);
      await until(
        'replaced',
        async () => (await withdrawal('w1')).txid !== first,
        () => mineEmpty(),
      );
      const second = (await withdrawal('w1')).txid ?? '';
      await until('the node knows it', async () => ((await ask<string[]>('getrawmempool'))[0] ?? '') === second);
      await until(
        'replaced again',
        async () => (await withdrawal('w1')).txid !== second,
        () => mineEmpty(),
      );
      await stopWallets();
      // The first is mined after all.
      await ask('generateblock', others.own(0, 9).address, [raw]);
      await mine(N);
      await startWallets();
      await confirmed('w1');
      expect((await withdrawal('w1')).txid).toBe(first);
      expect(await paidBy(node.url, first, to)).toBe('0.6');
      await booksAreTheChain();
      const [row] = await rows<{ paid: string; open: string }>(
        'SELECT fee_paid AS paid, (SELECT COUNT(*) FROM costs WHERE settled = 0) AS open FROM ' +
          "chain_transactions WHERE id LIKE 'batch:%' AND id NOT LIKE '%#%'",
      );
      expect([await fees(), Number(row?.open)]).toEqual([formatAmount(parseAmount(row?.paid ?? '0')), 0]);
    });

    test(
      'the signer refuses a fee above its limit: back in review, its coins and its reservation ' +
        'free; approved again it is paid',
      async () => {
        await startWallets();
        await funded();
        await operatorFunds();
        await ask('setfeerate', 500_000);
        await withdraw('w1', strangersAddress(), '0.6');
        await until('back in review', async () => (await withdrawal('w1')).state === 'REQUESTED');
        expect(alerts.some((event) => event.name === 'alert' && event.code === 'SIGNER_REFUSED')).toBe(true);
        expect([
          await rows('SELECT 1 FROM utxos WHERE spent_by IS NOT NULL'),
          await rows('SELECT 1 FROM costs WHERE settled = 0'),
        ]).toEqual([[], []]);
        await ask('setfeerate', 5000);
        await engine.submit(await approvalOf(engine, 'w1', 'approve:w1:again'));
        await confirmed('w1');
        await booksAreTheChain();
      },
    );

    test("E21 a coin below the smallest deposit, in nobody's books, is not spent though it would fit", async () => {
      await startWallets();
      await ask('sendtoaddress', await addressOf('u1'), '0.00009');
      await mine();
      await until('seen', async () => (await deposits())[0]?.state === 'IGNORED');
      await funded();
      // 0.3 and the small one pay exactly this, with no change.
      await withdraw('w1', strangersAddress(), '0.30008');
      await confirmed('w1');
      expect(await rows('SELECT txid FROM utxos WHERE amount = 0.00009 AND spent_by IS NOT NULL')).toEqual([]);
      await booksAreTheChain();
    });

    test('to another user of ours it is no transaction; to our own hot address it is refused', async () => {
      await startWallets();
      await funded();
      await withdraw('w1', await addressOf('u2'), '0.6');
      await until('settled', async () => (await withdrawal('w1')).state === 'CONFIRMED');
      expect([await available('u2'), await rows('SELECT 1 FROM chain_transactions')]).toEqual(['0.6', []]);
      await expect(wallets?.addressCheck.check('bitcoin', 'BTC', hot)).rejects.toMatchObject({
        code: 'ADDRESS_DENIED',
      });
      await expect(
        wallets?.addressCheck.check('bitcoin', 'BTC', '1BoatSLRHtKNngkdXEeobR76b53LETtpyT'),
      ).rejects.toMatchObject({ code: 'BAD_ADDRESS' });
      await booksAreTheChain();
    });
  });

  test('the signer: each forged payment is refused for its own reason, and a coin is signed away once', async () => {
    await startWallets();
    await funded();
    await stopWallets();
    const { depositXpub, fingerprint = '' } = await signer.identity('bitcoin');
    const ours = accountOf(depositXpub, 'regtest');
    const coins = (
      await rows<{ txid: string; at: number; amount: string; child: number }>(
        'SELECT txid, output_index AS at, amount, child_index AS child FROM utxos ORDER BY amount DESC',
      )
    ).map(({ txid, at, amount, child }): Coin => ({
      txid,
      index: Number(at),
      value: parseAmount(amount) / 10n ** 10n,
      branch: 0,
      child: Number(child),
    }));
    const strange = await othersCoin(4, '1');
    const makers = new Map(
      await Promise.all([...coins, strange].map(async ({ txid }) => [txid, await chain().transaction(txid)] as const)),
    );
    const [to, elsewhere] = [strangersAddress(), strangersAddress()];
    const builder = {
      account: ours,
      network: 'regtest' as const,
      fingerprint: Buffer.from(fingerprint, 'hex'),
      changeIndex: 1,
      transaction: (txid: string) => makers.get(txid) ?? '',
    };
    const plan = planPayments(coins, [{ script: script(to), value: 60_000_000n }], 5000n);
    let last = '';
    const payment = (over: Partial<CoinPayment> = {}): CoinPayment => ({
      to,
      amount: '0.6',
      payout: (last = `withdrawal:w${++n}:0`),
      ...over,
    });
    const intent = (psbt: string, over: Partial<UtxoIntent> = {}): UtxoIntent => ({
      intentId: `batch:b${++n}`,
      network: 'bitcoin',
      purpose: 'withdrawal',
      asset: 'BTC',
      payments: over.payments ?? [payment()],
      psbt,
      ...over,
    });
    const psbt = (over: Partial<Plan> = {}, by: Partial<typeof builder> = {}): string =>
      buildPsbt({ ...plan, ...over }, { ...builder, ...by });
    const refused = async (asked: UtxoIntent, why: string, details: object = {}): Promise<void> => {
      await expect(signer.signUtxo(asked)).rejects.toMatchObject({
        code: 'FORBIDDEN',
        details: { signer: expect.stringContaining(why), ...details },
      });
    };
    await refused(intent(psbt(), { payments: [payment({ amount: '0.7' })] }), 'an output that nobody asked for');
    await refused(intent(psbt(), { payments: [payment({ to: elsewhere })] }), 'an output that nobody asked for');
    await refused(
      intent(
        psbt({
          payments: [...plan.payments, { script: script(elsewhere), value: plan.change - 1000n }],
          change: 1000n,
        }),
      ),
      'an output that nobody asked for',
    );
    await refused(
      intent(
        psbt(
          { inputs: [coins[0] as Coin, coins[1] as Coin] },
          { account: { own: (branch, index) => (branch === 1 ? others : ours).own(branch, index) } },
        ),
      ),
      'change that is not ours',
    );
    await refused(intent(psbt({ change: plan.change - 60_000n })), 'a fee that is none or too high');
    await refused(intent(psbt({ change: plan.change + plan.fee })), 'a fee that is none or too high');
    await refused(intent(psbt({ inputs: [...plan.inputs, strange] })), 'not ours');
    await refused(intent(psbt(), { payments: [payment({ amount: '0.600000001' })] }), 'finer than a satoshi', {
      payout: last,
    });
    await refused(intent(psbt(), { asset: 'ETH' }), 'not listed');
    await refused(intent(psbt(), { payments: [payment({ to: to.toUpperCase() })] }), 'one spelling', { payout: last });
    await refused(intent('cHNidP8='), '');
    // What is right is signed; the same again is the same bytes; its coins are nobody else's from then on.
    const right = intent(psbt());
    const { payments } = right;
    const signed = await signer.signUtxo(right);
    expect(await signer.signUtxo(right)).toEqual(signed);
    await expect(signer.signUtxo({ ...right, psbt: psbt({ change: plan.change - 100n }) })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    await refused(intent(psbt()), 'was signed away');
    await refused(intent(psbt({ change: plan.change - 100n }), { intentId: 'batch:none#1' }), 'was signed away');
    const replacing = { intentId: `${right.intentId}#1`, payments };
    await refused(intent(psbt({ change: plan.change + 100n }), replacing), 'a replacement pays the same');
    await refused(
      intent(psbt({ inputs: coins, change: plan.change - 5000n + (coins[2]?.value ?? 0n) }), replacing),
      'a replacement pays the same',
    );
    await refused(
      intent(psbt({ change: plan.change - 5000n }), { intentId: `${right.intentId}#1` }),
      'a replacement pays the same',
    );
    const dearer = await signer.signUtxo(intent(psbt({ change: plan.change - 5000n }), replacing));
    expect(await chain().broadcast(signed.rawTransaction)).toEqual({ taken: true });
    expect(await chain().broadcast(dearer.rawTransaction)).toEqual({ taken: true });
    // The venue's address is the first one that a payment was signed to, for ever.
    const third = planPayments([coins[2] as Coin], [{ script: script(elsewhere), value: 20_000_000n }], 5000n);
    const again = { to: elsewhere, amount: '0.2', payout: payments[0]?.payout ?? '' };
    await refused(intent(buildPsbt(third, builder), { payments: [again] }), `is paid by ${right.intentId}`, {
      payout: again.payout,
    });
    await refused(
      intent(buildPsbt(third, builder), { payments: [{ ...again, payout: again.payout.replace(/0$/, '1') }] }),
      `is paid by ${right.intentId}`,
    );
    const venue = intent(buildPsbt(third, builder), {
      intentId: 'venue:v1',
      purpose: 'venue',
      payments: [{ to: elsewhere, amount: '0.2' }],
    });
    await signer.signUtxo(venue);
    await refused(
      intent(psbt(), { intentId: 'venue:v2', purpose: 'venue', payments: [{ to, amount: '0.6' }] }),
      'pinned',
    );
  });
});
