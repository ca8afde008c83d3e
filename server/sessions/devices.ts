/**
 * Browsers that have logged in to an account before, by a cookie of their own. It opens nothing: it only spares its
 * holder what strangers are asked.
 */
import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import type { ServerConfig } from '../deps';
import { signerFor } from './signed';

const KEPT_MS = 180 * 86_400_000;
/** Accounts that one browser is remembered for; the oldest is forgotten. */
const MOST_ACCOUNTS = 5;

export interface Devices {
  /**
   * The device's name where it has logged in to this account before; undefined for a stranger, and for an account that
   * is not there.
   */
  knownTo(req: Request, userId: string | undefined): string | undefined;
  remember(req: Request, res: Response, userId: string): void;
}

/** `<name>.<mac of an account>.<mac of another>`: whose accounts they are cannot be read from it. */
interface Held {
  readonly name: string;
  readonly macs: string[];
}

export function createDevices(config: Pick<ServerConfig, 'sessionSecret' | 'secureCookies'>): Devices {
  const signer = signerFor(config.sessionSecret, 'known device');
  const cookie = `${config.secureCookies ? '__Host-' : ''}javizen.device`;
  const held = (req: Request): Held | undefined => {
    const value = new RegExp(
      `(?:^|;\\s*)${cookie.replace('.', '\\.')}=([0-9a-f]{32}(?:\\.[A-Za-z0-9_-]{22}){1,${MOST_ACCOUNTS}})(?:;|$)`,
    ).exec(req.headers.cookie ?? '')?.[1];
    const [name, ...macs] = value?.split('.') ?? [];
    return name === undefined ? undefined : { name, macs };
  };
  return {
    knownTo: (req, userId) => {
      const device = held(req);
      return device && userId !== undefined && device.macs.some((mac) => signer.fits(mac, device.name, userId))
        ? device.name
        : undefined;
    },
    remember: (req, res, userId) => {
      const { name, macs } = held(req) ?? { name: randomBytes(16).toString('hex'), macs: [] };
      const mine = signer.sign(name, userId);
      const value = [name, mine, ...macs.filter((mac) => mac !== mine).slice(0, MOST_ACCOUNTS - 1)].join('.');
      res.append(
        'Set-Cookie',
        `${cookie}=${value}; Path=/; Max-Age=${KEPT_MS / 1000}; HttpOnly;${config.secureCookies ? ' Secure;' : ''} SameSite=Lax`,
      );
    },
  };
}
