/** The API, the live feed and the page, on one http server. */
import { randomBytes } from 'node:crypto';
import type { Server as HttpServer, RequestListener } from 'node:http';
import type { Redis } from 'ioredis';
import { createFreezing } from './accounts/freezing';
import { createLinks } from './accounts/links';
import { accountRoutes } from './accounts/routes';
import { createAccounts } from './accounts/service';
import { coldRoutes } from './admin/cold';
import { adminRoutes } from './admin/routes';
import { balanceRoutes } from './balances/routes';
import { depositRoutes } from './deposits/routes';
import { versionsOf } from '../domain/secret-versions';
import type { ServerConfig, ServerDeps } from './deps';
import { createAdmission } from './http/access';
import { createAnswers } from './http/answers';
import { createApp } from './http/app';
import { hotFirst } from './http/hot';
import { createLimits } from './http/limits';
import { createSessions } from './http/session';
import type { Sessions } from './http/session';
import { writeAboutDecisions } from './jobs/decisions';
import { createPost } from './jobs/mail';
import type { Post } from './jobs/mail';
import { fillDocumentHashes } from './kyc/fill-hashes';
import { keepForgetting } from './kyc/forget';
import { kycRoutes } from './kyc/routes';
import { createDrawings } from './kyc/pixels';
import { createKycService } from './kyc/service';
import { createVault } from './kyc/vault';
import type { Vault } from './kyc/vault';
import { createLive } from './live';
import { marketRoutes } from './markets/routes';
import { orderRoutes } from './orders/routes';
import { createPasskeyChanges } from './passkeys/changes';
import { createChallenges } from './passkeys/challenges';
import { passkeyRoutes } from './passkeys/routes';
import { createPasskeys } from './passkeys/service';
import { siteOf } from './passkeys/webauthn';
import { proofRoutes } from './proof/routes';
import { createOrderService } from './orders/service';
import { createOrderSocket } from './orders/socket';
import { createDevices } from './sessions/devices';
import { createGuesses } from './sessions/guesses';
import { sessionRoutes } from './sessions/routes';
import { swapRoutes } from './swaps/routes';
import { createSwapService } from './swaps/service';
import { secondFactorRoutes } from './second-factor/routes';
import { createSecondFactors } from './second-factor/service';
import { createSecurityEdge } from './security/edge';
import { createSecurityEvents } from './security/events';
import { securityRoutes } from './security/routes';
import { USUAL_TIERS } from './tiers/policy';
import { tierRoutes } from './tiers/routes';
import { createTierService } from './tiers/service';
import type { TierSettings } from './tiers/service';
import { addressRoutes } from './withdrawals/addresses';
import { createApprovals } from './withdrawals/approvals';
import { createWithdrawalRequests } from './withdrawals/request';
import { withdrawalRoutes } from './withdrawals/routes';
import { createWithdrawalService } from './withdrawals/service';
import { keepLastPrices } from './withdrawals/value';

export { ensureAccount } from './accounts/service';
export type { ServerConfig, ServerDeps } from './deps';
export { createListener } from './http/listener';

export interface Server {
  /** For http.createServer. */
  readonly handler: RequestListener;
  /** Adds the live feed and the socket for orders to the http server that carries the handler. */
  attach(server: HttpServer): void;
  /** Ends sockets, queue and timers; the http server and what was handed in are the caller's to close. */
  close(): Promise<void>;
}

export function createServer(deps: ServerDeps, config: ServerConfig): Server {
  if (versionsOf(config.sessionSecret).some((one) => one.length < 32) || config.sessionSecret.length < 32)
    throw new Error(`sessionSecret is too short; for example: ${randomBytes(24).toString('hex')}`);
  const answers = createAnswers(deps, config);
  const redis = quickRedis(deps);
  const recordSecurityEvent = createSecurityEvents(deps);
  const security = createSecurityEdge(deps.dataSource, recordSecurityEvent);
  const sessions = createSessions({ ...deps, redis }, config);
  const vault = createVault(config);
  const drawings = createDrawings({
    onUndrawn: (why) => deps.logger.warn({ event: 'kyc.document_not_drawn', why }, 'a document was not drawn'),
  });
  const site = siteOf(config);
  const challenges = createChallenges({ ...deps, redis }, config);
  const passkeys = createPasskeys(deps, challenges, site);
  const secondFactors = createSecondFactors(deps, vault, passkeys);
  const passkeyChanges = createPasskeyChanges(deps, { passkeys, challenges, secondFactors, site }, config);
  const admission = createAdmission(config);
  const live = createLive(deps, config, { sessions, admission, answers, security });
  const links = createLinks(config, deps.clock);
  const post = createPost(deps, config, links);
  const endBackground = startBackground(deps, config, { vault, post, sessions });
  const limits = createLimits({ ...deps, redis }, config);
  const orders = createOrderService(deps);
  const orderSocket = createOrderSocket(
    { ...deps, answers, known: sessions.known, admission, limits, security, service: orders },
    config,
  );
  const approvals = createApprovals(deps);
  const tiers: TierSettings = {
    tiers: config.withdrawalLimits ?? USUAL_TIERS,
    adminsToRaise: config.adminsToRaise ?? 2,
  };
  const requests = createWithdrawalRequests(deps, secondFactors, passkeys, tiers.tiers);
  const service = createWithdrawalService(deps, requests, approvals);
  const withdrawals = { service, requests, approvals, sessions, post };
  const who = {
    accounts: createAccounts(deps),
    secondFactors,
    sessions,
    admission,
    devices: createDevices(config),
    post,
  };
  const routes = [
    ...sessionRoutes(deps, { ...who, passkeyChanges, guesses: createGuesses({ ...deps, redis }, config) }),
    ...accountRoutes(deps, { ...who, freezing: createFreezing(deps, post), links, limits }),
    ...kycRoutes(deps, createKycService(deps, vault, drawings), vault),
    ...marketRoutes(deps),
    ...balanceRoutes(deps),
    ...depositRoutes(deps),
    ...swapRoutes(deps, createSwapService(deps)),
    ...withdrawalRoutes(deps, withdrawals),
    ...addressRoutes(deps, { secondFactors, sessions, post }),
    ...tierRoutes(createTierService(deps, secondFactors, tiers), tiers),
    ...secondFactorRoutes(deps, secondFactors, { sessions, post }),
    ...passkeyRoutes(deps, { passkeys, changes: passkeyChanges, secondFactors, sessions, post, site }),
    ...orderRoutes(deps, orders),
    ...securityRoutes(deps),
    ...proofRoutes(deps),
    ...adminRoutes(deps),
    ...coldRoutes(deps),
  ];
  const app = createApp({ ...deps, redis }, config, { sessions, admission, answers, security }, routes, limits);
  return {
    handler: hotFirst({ ...deps, answers, sessions, admission, limits, security }, config, routes, app),
    attach: (server) => {
      live.attach(server);
      orderSocket.attach(server);
    },
    close: async () => {
      endBackground();
      orderSocket.close();
      drawings.close();
      await security.settled();
      await live.close();
      await post.close();
      redis.disconnect();
    },
  };
}

/** What goes on beside requests. Returns what ends it. */
function startBackground(
  deps: ServerDeps,
  { writesLetters, documentDays = 90 }: ServerConfig,
  { vault, post, sessions }: { readonly vault: Vault; readonly post: Post; readonly sessions: Sessions },
): () => void {
  void fillDocumentHashes(deps, vault).catch((error: unknown) =>
    deps.logger.warn({ event: 'kyc.documents_not_compared', error: String(error) }, 'documents were not compared'),
  );
  const ends = [
    ...(writesLetters === false ? [] : [writeAboutDecisions(deps, post), keepForgetting(deps, vault, documentDays)]),
    keepLastPrices(deps),
    ...(['kyc.changed', 'access.changed'] as const).map((name) =>
      deps.events.on(name, ({ userId }) => sessions.known.forgetUser(userId)),
    ),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** A connection for what a request waits for: while Redis is away it is told soon, and not held until Redis is back. */
function quickRedis({ redis, logger }: ServerDeps): Redis {
  const quick = redis.duplicate({ maxRetriesPerRequest: 1, commandTimeout: 2000 });
  quick.on('error', (error: Error) => logger.debug({ error: error.message }, 'Redis is away'));
  return quick;
}
