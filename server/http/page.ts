/**
 * The built page: its files, each in the smallest form that the browser takes, and one file for every address of its
 * own.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import express from 'express';
import type { Express, Request, RequestHandler, Response } from 'express';
import { unknownRoute } from './errors';

/** What the build made beside each file (web/vite.config.mts), best first. */
const FORMS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;
/** Names as the build gives them: nothing encoded, no way up. */
const PLAIN = /^(?:\/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+$/;

/**
 * The ending of the form that goes out: the best one that the browser takes and that is there, or none. Says in the
 * answer's headers what it is; the tag (of size and time of the file that is sent) differs from form to form.
 */
async function formOf(req: Request, res: Response, file: string, name: string): Promise<string> {
  res.vary('Accept-Encoding');
  for (const [encoding, ending] of FORMS) {
    if (!req.acceptsEncodings([encoding])) continue;
    const found = await stat(`${file}${ending}`).catch(() => null);
    if (!found?.isFile()) continue;
    res.set('Content-Encoding', encoding).type(name.slice(name.lastIndexOf('.') + 1));
    return ending;
  }
  return '';
}

/** Points the request at the compressed form of its file; what serves files does the rest. */
const smallest =
  (root: string): RequestHandler =>
  (req, res, next) => {
    const { path } = req;
    if (!PLAIN.test(path) || path.endsWith('.br') || path.endsWith('.gz')) {
      next();
      return;
    }
    formOf(req, res, join(root, path), path).then((ending) => {
      req.url = req.url.replace(path, `${path}${ending}`);
      next();
    }, next);
  };

/** Named files for ever, everything else is the page itself, whose router knows what to show. */
export function servePage(app: Express, webDir: string): void {
  const assets = join(webDir, 'assets');
  app.use(
    '/assets',
    smallest(assets),
    express.static(assets, { index: false, immutable: true, maxAge: '1y' }),
    withoutForm,
    unknownRoute,
  );
  app.use(smallest(webDir), express.static(webDir, { index: false, maxAge: '1h' }), withoutForm);
  app.get('/{*any}', async (req, res) => {
    const ending = await formOf(req, res, join(webDir, 'index.html'), 'index.html');
    res.set('Cache-Control', 'no-cache').sendFile(`index.html${ending}`, { root: webDir });
  });
  app.use(unknownRoute);
}

/** Nothing was sent: what comes instead is in no compressed form. */
const withoutForm: RequestHandler = (_req, res, next) => {
  res.removeHeader('Content-Encoding');
  next();
};
