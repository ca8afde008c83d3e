/** The express app: what every request passes, in order. */
import express from 'express';
import type { Express, RequestHandler, Router } from 'express';
import helmet from 'helmet';
import { userById } from '../../db/stores/users';
import type { ServerConfig, ServerDeps } from '../deps';
import type { SecondFactors } from '../second-factor/service';
import type { SecurityEdge } from '../security/edge';
import { DOCS_CSS, docsPage } from './docs';
import type { Answers } from './answers';
import { errorHandler, unknownRoute } from './errors';
import type { Limits } from './limits';
import { openApi } from './openapi';
import { ownOrigin } from './origin';
import { servePage } from './page';
import { serveSecurityTxt } from './security-txt';
import { mount } from './route';
import type { Route } from './route';
import { sessionUserId, trustedProxies } from './session';
import type { Sessions } from './session';

/** What says who calls. */
export interface Who {
  readonly sessions: Sessions;
  readonly secondFactors: Pick<SecondFactors, 'due'>;
  readonly answers: Answers;
  readonly security: SecurityEdge;
}

export function createApp(deps: ServerDeps, config: ServerConfig, who: Who, routes: readonly Route[], limits: Limits): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', trustedProxies(config));
  app.use(securityHeaders(config));
  app.get('/healthz', (_req, res) => {
    res.json({ ok: true });
  });
  app.use('/api', api(deps, config, who, routes, limits));
  serveSecurityTxt(app, deps.clock, config);
  servePage(app, config.webDir);
  app.use(errorHandler(deps.logger));
  return app;
}

export function securityHeaders({ secureCookies }: ServerConfig): RequestHandler {
  return helmet({
    strictTransportSecurity: secureCookies,
    referrerPolicy: { policy: 'same-origin' },
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", 'data:', 'blob:'],
        connectSrc: ["'self'", 'ws:', 'wss:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        ...(secureCookies && { upgradeInsecureRequests: [] }),
      },
    },
  });
}

function api(deps: ServerDeps, config: ServerConfig, { sessions, secondFactors, answers, security }: Who, routes: readonly Route[], limits: Limits): Router {
  const router = express.Router();
  const document = openApi();
  const page = docsPage(document);
  router.get('/openapi.json', (_req, res) => {
    res.json(document);
  });
  router.get('/docs', (_req, res) => {
    res.type('html').send(page);
  });
  router.get('/docs.css', (_req, res) => {
    res.type('css').send(DOCS_CSS);
  });
  router.use(sessions.middleware);
  mount(router, routes, {
    answers,
    limits,
    security,
    secondFactorDue: (user) => secondFactors.due(user),
    ownOrigin: (req) => ownOrigin(req, config.publicOrigin),
    userOf: async (req) => {
      const userId = sessionUserId(req, deps.clock);
      return userId === undefined ? null : userById(deps.dataSource, userId);
    },
  });
  router.use(unknownRoute);
  return router;
}
