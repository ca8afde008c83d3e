/** The express app: what every request passes, in order. */
import express from 'express';
import type { Express, RequestHandler, Router } from 'express';
import helmet from 'helmet';
import { userById } from '../../db/stores/users';
import type { ServerConfig, ServerDeps } from '../deps';
import type { SecurityEdge } from '../security/edge';
import { DOCS_CSS, docsPage } from './docs';
import type { Admission } from './access';
import type { Answers } from './answers';
import { errorHandler, unknownRoute } from './errors';
import type { Limits } from './limits';
import { openApi } from './openapi';
import { ownOrigin } from './origin';
import { servePage } from './page';
import { serveSecurityTxt } from './security-txt';
import { trustedNetworks } from './proxies';
import { mount } from './route';
import type { Route } from './route';
import { isCurrent, sessionUserId, trustedProxies } from './session';
import type { Sessions } from './session';

/** What says who calls. */
export interface Who {
  readonly sessions: Sessions;
  readonly admission: Admission;
  readonly answers: Answers;
  readonly security: SecurityEdge;
}

export function createApp(
  deps: ServerDeps,
  config: ServerConfig,
  who: Who,
  routes: readonly Route[],
  limits: Limits,
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', trustedNetworks(trustedProxies(config)));
  app.use(securityHeaders(config));
  app.get('/healthz', (_req, res) => {
    res.json({ ok: true });
  });
  app.use('/api', api(deps, config, who, routes, limits));
  app.use(ownSockets(config));
  serveSecurityTxt(app, deps.clock, config);
  servePage(app, config.webDir);
  app.use(errorHandler(deps.logger));
  return app;
}

/** What the page may ask of the browser: nothing but the clipboard, and keys of the user's own device. */
const PERMISSIONS = [
  ...[
    'accelerometer',
    'camera',
    'display-capture',
    'geolocation',
    'gyroscope',
    'hid',
    'magnetometer',
    'microphone',
    'midi',
    'payment',
    'screen-wake-lock',
    'serial',
    'usb',
    'xr-spatial-tracking',
  ].map((name) => `${name}=()`),
  'publickey-credentials-create=(self)',
  'publickey-credentials-get=(self)',
].join(', ');

export function securityHeaders({ secureCookies }: ServerConfig): RequestHandler {
  const usual = helmetOf(secureCookies);
  return (req, res, next) => {
    res.setHeader('Permissions-Policy', PERMISSIONS);
    usual(req, res, next);
  };
}

/** The page's sockets are on its own host, which a policy names with their scheme; no other host is named. */
const ownSockets =
  ({ publicOrigin }: Pick<ServerConfig, 'publicOrigin'>): RequestHandler =>
  (req, res, next) => {
    const { host } = publicOrigin === null ? { host: req.headers.host ?? '' } : new URL(publicOrigin);
    const scheme = publicOrigin?.startsWith('https:') || req.secure ? 'wss' : 'ws';
    const policy = res.getHeader(POLICY);
    if (typeof policy === 'string' && /^[A-Za-z0-9.-]+(:\d+)?$|^\[[0-9a-fA-F:]+\](:\d+)?$/.test(host))
      res.setHeader(POLICY, policy.replace("connect-src 'self'", `connect-src 'self' ${scheme}://${host}`));
    next();
  };
const POLICY = 'Content-Security-Policy';

function helmetOf(secureCookies: boolean): ReturnType<typeof helmet> {
  return helmet({
    strictTransportSecurity: secureCookies,
    referrerPolicy: { policy: 'same-origin' },
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", 'data:', 'blob:'],
        scriptSrc: ["'self'"],
        connectSrc: ["'self'"],
        // Text becomes a script or markup only where a policy of ours, or of the page's framework, made it so.
        requireTrustedTypesFor: ["'script'"],
        trustedTypes: ['vue', 'javizen'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        ...(secureCookies && { upgradeInsecureRequests: [] }),
      },
    },
  });
}

function api(
  deps: ServerDeps,
  config: ServerConfig,
  { sessions, admission, answers, security }: Who,
  routes: readonly Route[],
  limits: Limits,
): Router {
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
    admission,
    security,
    ownOrigin: (req) => ownOrigin(req, config.publicOrigin),
    userOf: async (req) => {
      const userId = sessionUserId(req, deps.clock);
      const user = userId === undefined ? null : await userById(deps.dataSource, userId);
      return user && isCurrent(req.session, user) ? user : null;
    },
  });
  router.use(unknownRoute);
  return router;
}
