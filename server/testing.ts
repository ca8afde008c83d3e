/** A server on the test database and Redis, with stand-ins for the other houses' ports. For tests only. */
import { createHash, randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import request from 'supertest';
import type { DataSource } from 'typeorm';
import { KnownAddressEntity } from '../db/entities/reviews';
import { SwapEntity, VenueIntentEntity, VenueTradeEntity } from '../db/entities/swaps';
import { WithdrawalEntity } from '../db/entities/withdrawals';
import { testDatabase } from '../db/testing';
import { countingIds, fixedClock } from '../domain/clock-and-ids';
import type { Command, CommandAnswer } from '../domain/contract/commands';
import { DomainError } from '../domain/contract/errors';
import type { EventName, EventOf, DomainEvent } from '../domain/contract/events';
import type { Approval } from '../domain/contract/api/approvals';
import type { RecordedWithdrawal } from '../domain/recorded-withdrawal';
import type {
  Engine,
  EventBus,
  PayoutRules,
  Quotes,
  SignedPasskeyChange,
  UserBalance,
  UserKeys,
} from '../domain/contract/ports';
import { parseAmount } from '../domain/money/amount';
import type { Registry } from '../domain/registry';
import { ensureAccount } from './accounts/service';
import type { ServerConfig } from './deps';
import { createListener } from './http/listener';
import { createServer } from './index';
import { lettersTo, tokenIn } from './jobs/letter-files';
import { standInCold } from './admin/testing';
import { standInMarket } from './markets/testing';
import { orderAnswer, plainFigures } from './orders/testing';

export const PASSWORD = 'a long enough password';
export const ADDRESS = '0x52908400098527886E0F7030069857D2E4169EE7';
/** A deposit address of another user. */
const INSIDE = '0x00000000219ab540356cBB839Cbe05303d7705Fa';
/** One white pixel. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=',
  'base64',
);

export const REGISTRY: Registry = {
  assets: [
    { code: 'ETH', name: 'Ether', scale: 8 },
    { code: 'USDT', name: 'Tether USD', scale: 6 },
  ],
  networks: [
    {
      id: 'ethereum',
      name: 'Ethereum',
      kind: 'evm',
      chainId: 31337,
      gasAsset: 'ETH',
      confirmations: 6,
      venueNetwork: 'ETH',
      memo: 'none',
    },
  ],
  rails: [
    {
      asset: 'ETH',
      network: 'ethereum',
      contract: null,
      decimals: 18,
      minDeposit: '0.01',
      depositFee: '0.001',
      depositFeeRate: '0.0005',
      confirmationSteps: [
        { from: '0', confirmations: 6 },
        { from: '1000', confirmations: 12 },
      ],
      minWithdrawal: '0.01',
      withdrawalFee: '0.002',
    },
    {
      asset: 'USDT',
      network: 'ethereum',
      contract: ADDRESS,
      decimals: 6,
      minDeposit: '10',
      depositFee: '1',
      minWithdrawal: '10',
      withdrawalFee: '5',
    },
  ],
  markets: [
    {
      symbol: 'ETHUSDT',
      base: 'ETH',
      quote: 'USDT',
      venue: 'binance',
      tick: '0.01',
      lot: '0.0001',
      minQuantity: '0.0001',
      maxQuantity: '9000',
      minNotional: '5',
      maxOrders: 200,
      band: '0.02',
      state: 'TRADING',
      internalOnly: false,
    },
  ],
  fees: {
    version: 1,
    swapCommission: '0.002',
    swapSpread: '0.001',
    venueTaker: '0.001',
    trading: [{ market: '*', minVolume: '0', maker: '0.001', taker: '0.0015' }],
    venueMargin: '0.0002',
  },
};

export function simpleBus(): EventBus {
  const listeners = new Set<(event: DomainEvent) => void>();
  return {
    publish: (event) => listeners.forEach((listener) => listener(event)),
    on: <Name extends EventName>(name: Name, listener: (event: EventOf<Name>) => void) => {
      const hear = (event: DomainEvent): void => {
        if (event.name === name) listener(event as EventOf<Name>);
      };
      listeners.add(hear);
      return () => listeners.delete(hear);
    },
  };
}

/**
 * Keeps what it was told, answers an old reference as the real one does, and writes withdrawal rows; no money moves.
 */
export function recordingEngine(
  dataSource: DataSource,
): Engine & { commands: Command[]; refuseNext(error: DomainError): void; balances: UserBalance[] } {
  const commands: Command[] = [];
  const done = new Map<string, { hash: string; answer: CommandAnswer }>();
  const records = new Map<string, RecordedWithdrawal>();
  let refusal: DomainError | undefined;
  const carryOut = async (command: Command): Promise<CommandAnswer> => {
    const rows = dataSource.getRepository(WithdrawalEntity);
    const decided = { approve: 'APPROVED', refuse: 'REJECTED', cancel: 'CANCELED' } as const;
    if (command.kind === 'withdrawal.request') {
      const { withdrawalId, userId, asset, network, address, amount, fee } = command;
      const none = { memo: command.memo ?? null, reason: null, txid: null, decidedBy: null };
      const counts = { pullBackFee: '0', attempt: 0, confirmations: 0, createdAt: 1, updatedAt: 1 };
      await rows.insert({
        id: withdrawalId,
        userId,
        asset,
        network,
        address,
        amount,
        fee,
        state: 'REQUESTED',
        ...counts,
        ...none,
      });
      records.set(withdrawalId, {
        id: withdrawalId,
        userId,
        asset,
        network,
        address,
        memo: none.memo,
        amount,
        fee,
        attempt: 0,
        stage: 'REQUESTED',
        decidedBy: null,
        createdAt: 1,
        ...(command.confirmation && { confirmation: command.confirmation }),
        intact: true,
      });
    } else if (
      command.kind === 'withdrawal.approve' ||
      command.kind === 'withdrawal.refuse' ||
      command.kind === 'withdrawal.cancel'
    ) {
      const step = command.kind.slice('withdrawal.'.length) as keyof typeof decided;
      const changed = await rows.update(
        { id: command.withdrawalId, state: 'REQUESTED' },
        { state: decided[step], decidedBy: 'adminId' in command ? command.adminId : null },
      );
      if (changed.affected !== 1) throw new DomainError('WITHDRAWAL_STATE');
      const record = records.get(command.withdrawalId);
      if (record && step === 'approve')
        records.set(record.id, {
          ...record,
          stage: 'APPROVED',
          decidedBy: 'adminId' in command ? command.adminId : null,
        });
      else records.delete(command.withdrawalId);
      const { userId, network, address } = await rows.findOneByOrFail({ id: command.withdrawalId });
      if (step === 'refuse') await dataSource.getRepository(KnownAddressEntity).delete({ userId, network, address });
    } else if (command.kind === 'swap.accept') {
      await completedSwap(dataSource, command);
    }
    return { done: true };
  };
  const balances: UserBalance[] = [{ asset: 'ETH', available: '1.5', held: '0' }];
  return {
    commands,
    balances,
    refuseNext: (error) => {
      refusal = error;
    },
    submit: async (command) => {
      const refused = refusal;
      refusal = undefined;
      if (refused) throw refused;
      const hash = createHash('sha256').update(JSON.stringify(command)).digest('hex');
      const before = done.get(command.reference);
      if (before && before.hash !== hash) throw new DomainError('IDEMPOTENCY_KEY_REUSED');
      if (before) return before.answer;
      const answer = (await orderAnswer(dataSource, command)) ?? (await carryOut(command));
      // Of an order the engine keeps the id alone: asked again, it is read as it is then.
      const { clientOrderId, id, canceledId } = answer;
      done.set(command.reference, {
        hash,
        answer:
          clientOrderId === undefined
            ? answer
            : { orderId: String(id), ...(canceledId !== undefined && { canceledId }) },
      });
      commands.push(command);
      return answer;
    },
    balancesOf: async () => balances,
    operatorPosition: async () => [{ asset: 'ETH', amount: '0.5' }],
    custody: async () => [{ place: 'hot/ethereum', asset: 'ETH', amount: '2' }],
    paused: async () => [{ asset: 'ETH', why: 'a look at it', at: 1 }],
    recordedWithdrawals: async (ids) => ids.flatMap((id) => records.get(id) ?? []),
  };
}

/** A swap as the real house would leave it: one order at the venue, one trade. */
async function completedSwap(
  dataSource: DataSource,
  { swapId, userId, quoteId }: Extract<Command, { kind: 'swap.accept' }>,
): Promise<void> {
  const times = { createdAt: 1_700_000_000_000, updatedAt: 1_700_000_000_000 };
  const amounts = { fromAmount: '1', toAmount: '2994', filledFrom: '1', filledTo: '2994', commission: '6' };
  const order = { symbol: 'ETHUSDT', side: 'SELL' as const };
  await dataSource.getRepository(SwapEntity).insert({
    id: swapId,
    userId,
    quoteId,
    fromAsset: 'ETH',
    toAsset: 'USDT',
    ...amounts,
    feeVersion: 1,
    state: 'COMPLETED',
    legs: [
      { ...order, quantity: '1', limit: '2996', from: 'ETH', to: 'USDT', fromAmount: '1', toAmount: '2994', seen: {} },
    ],
    leg: 0,
    betweenAsset: null,
    betweenAmount: '0',
    ...times,
  });
  const intentId = `i${swapId}`;
  await dataSource.getRepository(VenueIntentEntity).insert({
    id: intentId,
    swapId,
    leg: 0,
    ...order,
    quantity: '1',
    limitPrice: '2996',
    timestamp: 1,
    recvWindow: 5000,
    state: 'DONE',
    venueOrderId: '4711',
    reason: null,
    ...times,
  });
  const settled = {
    price: '3000.1',
    quantity: '1',
    quoteQuantity: '3000.1',
    commission: '3.0001',
    commissionAsset: 'USDT',
    at: 1,
  };
  const tradeId = Number.parseInt(createHash('sha256').update(swapId).digest('hex').slice(0, 8), 16);
  await dataSource
    .getRepository(VenueTradeEntity)
    .insert({ venueEpoch: 1, symbol: 'ETHUSDT', tradeId, intentId, ...settled });
}

/**
 * In the signer's place: believes whatever bears a key it knows, wants two admins above 5 and none up to 0.02. Keys
 * are known by `approve`, which answers an approval by that admin.
 */
export function standInRules(): PayoutRules & { approve(email: string): Approval } {
  const names = new Map<string, string>();
  return {
    approve: (email) => {
      const key = createHash('sha256').update(email).digest('hex').slice(0, 32);
      names.set(key, email);
      return { key, at: 1, feeCap: '0.04', signature: `${'A'.repeat(86)}==` };
    },
    judge: async ({ amount }, approvals) => {
      const approvedBy = [...new Set(approvals.flatMap(({ key }) => names.get(key) ?? []))];
      const units = parseAmount(amount);
      const wanted = units <= parseAmount('0.02') ? 0 : units > parseAmount('5') ? 2 : 1;
      return {
        needed: Math.max(0, wanted - approvedBy.length),
        approvedBy,
        refused: approvals
          .filter(({ key }) => !names.has(key))
          .map(({ key }) => ({ key, why: 'the signer does not know this key' })),
      };
    },
    approvers: async () => [...names].map(([key, name]) => ({ name, key })),
  };
}

/**
 * In the place of the signer's register: keeps what it is told, believes the first passkey of a user, and any with an
 * assertion.
 */
export function standInUserKeys(): UserKeys & {
  told: SignedPasskeyChange[];
  dropped: string[];
  fail: Error | undefined;
} {
  const known = new Map<string, Set<string>>();
  const self: UserKeys & { told: SignedPasskeyChange[]; dropped: string[]; fail: Error | undefined } = {
    told: [],
    dropped: [],
    droppedPasskeys: async () => self.dropped,
    fail: undefined,
    changePasskey: async (change) => {
      if (self.fail) throw self.fail;
      const mine = known.get(change.userId) ?? new Set();
      known.set(change.userId, mine);
      if (change.change === 'add' ? mine.has(change.credentialId) : !mine.has(change.credentialId)) return;
      if (mine.size > 0 && !change.assertion)
        throw new DomainError('CONFIRMATION_REFUSED', { signer: 'a passkey that is known must confirm this' });
      self.told.push(change);
      if (change.change === 'add') mine.add(change.credentialId);
      else mine.delete(change.credentialId);
    },
  };
  return self;
}

export const plainQuotes: Quotes = {
  quote: async ({ userId, from, to, fromAmount }) => ({
    id: `q_${userId}`,
    userId,
    from,
    to,
    fromAmount,
    toAmount: '3000',
    rate: '3000',
    commission: '6',
    between: null,
    expiresAt: 1_700_000_010_000,
  }),
};

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined };

/** `port`: any free one when left out. `rulesOf`: in the signer's place, with a register of passkeys or without. */
export async function testWorld(
  { port = 0, ...changes }: Partial<ServerConfig> & { port?: number } = {},
  redisUrl = process.env.TEST_REDIS_URL ?? '',
  rulesOf?: (dataSource: DataSource) => PayoutRules & Partial<UserKeys>,
  reader?: DataSource,
) {
  const database = await testDatabase();
  const { dataSource, owner } = database;
  const redis = new Redis(redisUrl, { keyPrefix: `t${randomBytes(6).toString('hex')}:` });
  const dir = await mkdtemp(join(tmpdir(), 'javizen-server-'));
  const engine = recordingEngine(dataSource);
  const events = simpleBus();
  const market = standInMarket();
  const rules = standInRules();
  const given = rulesOf?.(dataSource);
  const userKeys = standInUserKeys();
  const failures: string[] = [];
  const clock = fixedClock();
  const ids = countingIds(randomBytes(8).toString('hex'));
  const logger = {
    ...quiet,
    error: (fields: Record<string, unknown>, message: string) => failures.push(`${message} ${JSON.stringify(fields)}`),
  };
  const cold = standInCold();
  const kycKey = randomBytes(32).toString('hex');
  const server = createServer(
    {
      dataSource,
      reader: reader ?? dataSource,
      redis,
      engine,
      events,
      clock,
      ids,
      logger,
      quotes: plainQuotes,
      marketData: market,
      figures: plainFigures,
      payoutRules: given ?? rules,
      userKeys: { ...userKeys, ...(given?.changePasskey && { changePasskey: given.changePasskey }) },
      reconciliation: {
        latest: async () => ({
          at: 1,
          places: [
            {
              place: 'hot/ethereum',
              asset: 'ETH',
              booked: '2',
              actual: '1.5',
              unexplained: '-0.25',
              inFlight: [{ id: 'sweep s1', amount: '-0.25', ageMs: 4000 }],
            },
          ],
        }),
      },
      coldStorage: cold,
      networkStates: {
        venueTreasury: async () => true,
        networks: async () => [
          {
            network: 'ethereum',
            state: 'open',
            scanned: 7,
            rounds: 40,
            faults: { scan: 'ethereum: the nodes do not agree on block 7: a.example:8545 against b.example' },
            nodes: [
              { node: 'a.example:8545', state: 'used', head: 8, fault: null },
              {
                node: 'a-node-with-a-very-long-name-of-its-provider.example',
                state: 'silent',
                head: null,
                fault: 'ethereum: no answer to eth_getBlockByNumber',
              },
            ],
          },
        ],
      },
      registry: REGISTRY,
      depositAddresses: { addressFor: async (userId) => `0x${userId.slice(-10)}` },
      addressCheck: {
        check: async (_network, _asset, address) => {
          if (!/^0x[0-9a-fA-F]{40}$/.test(address)) throw new DomainError('BAD_ADDRESS');
          const inside = address === INSIDE;
          return { address: inside ? INSIDE : ADDRESS, inside };
        },
      },
    },
    {
      sessionSecret: randomBytes(32).toString('hex'),
      kycKey,
      kycDir: join(dir, 'kyc'),
      webDir: join(dir, 'web'),
      secureCookies: false,
      publicOrigin: null,
      mailDir: join(dir, 'mail'),
      exactAnswers: true,
      ...changes,
    },
  );
  const http = createListener(server.handler);
  server.attach(http);
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return {
    dataSource,
    /** As somebody who may do anything in the database. */
    owner,
    engine,
    events,
    market,
    cold,
    approvalBy: rules.approve,
    userKeys,
    insideAddress: INSIDE,
    clock,
    failures,
    url,
    dir,
    kycKey,
    redis,
    /** Letters to this address once there are so many: they are written a moment after what they tell of. */
    letters: async (email: string, count = 1) => {
      for (let turn = 0; turn < 100; turn++) {
        const found = await lettersTo(join(dir, 'mail'), email);
        if (found.length >= count) return found;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`not ${count} letters to ${email}`);
    },
    token: (email: string, kind: 'confirm' | 'freeze') => tokenIn(join(dir, 'mail'), email, kind),
    account: (email: string, more: { role?: 'admin'; kycState?: 'APPROVED' } = {}) =>
      ensureAccount({ dataSource, clock, ids }, { email, password: PASSWORD, locale: 'en', ...more }),
    visitor: () => visitor(url),
    /** Opens an account with a confirmed address; answers that. */
    opened: async (email: string) => {
      await ensureAccount({ dataSource, clock, ids }, { email, password: PASSWORD, locale: 'en' });
      return email;
    },
    /** Somebody with a new account, logged in. */
    member: async (email: string) => {
      const userId = await ensureAccount({ dataSource, clock, ids }, { email, password: PASSWORD, locale: 'en' });
      const who = visitor(url);
      await who.logIn(email);
      return { who, userId };
    },
    close: async () => {
      await server.close();
      await new Promise((resolve) => http.close(resolve));
      redis.disconnect();
      await database.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
export type TestWorld = Awaited<ReturnType<typeof testWorld>>;

/** Somebody with a browser: keeps the cookie, sends the token. */
export function visitor(url: string) {
  const agent = request.agent(url);
  let csrf = '';
  let cookie = '';
  const logged = (response: request.Response): request.Response => {
    csrf = (response.body as { csrfToken?: string }).csrfToken ?? csrf;
    return response;
  };
  // A session may get another id at any request.
  agent.on('response', ({ headers }: request.Response) => {
    cookie =
      (headers['set-cookie'] as unknown as string[] | undefined)
        ?.find((line) => line.includes('javizen.sid='))
        ?.split(';')[0] ?? cookie;
  });
  return {
    agent,
    csrf: () => csrf,
    cookie: () => cookie,
    logIn: async (email: string, password = PASSWORD, code?: string) =>
      logged(await agent.post('/api/session').send({ email, password, ...(code !== undefined && { code }) })),
    register: async (email: string, password = PASSWORD) => agent.post('/api/accounts').send({ email, password }),
    get: (path: string) => agent.get(`/api${path}`),
    send: (method: 'post' | 'delete', path: string, body?: object, headers: Record<string, string> = {}) =>
      agent[method](`/api${path}`)
        .set({ 'X-CSRF-Token': csrf, ...headers })
        .send(body),
  };
}
export type Visitor = ReturnType<typeof visitor>;
