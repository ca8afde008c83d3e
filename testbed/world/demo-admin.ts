/**
 * The local world's stand-in for an operator who enrols admins at the signer: the demo admin's key file, and keys its
 * browsers offer.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEMO_ADMIN } from './demo-accounts';
import { adminsFile, enrolAdmin, makeAdminKey } from '../../wallets/keys';

/**
 * Below these nobody is asked in the local world; two are asked above the last. One admin stands for a day of a
 * storm's payouts.
 */
export const LOCAL_LIMITS = JSON.stringify({
  ETH: { auto: '0.02', autoDaily: '0.2', fourEyes: '10', fourEyesDaily: '10000' },
  USDT: { auto: '50', autoDaily: '500', fourEyes: '20000', fourEyesDaily: '20000000' },
  BTC: { auto: '0.001', autoDaily: '0.01', fourEyes: '0.5', fourEyesDaily: '500' },
  BNB: { auto: '0.05', autoDaily: '0.5', fourEyes: '40', fourEyesDaily: '40000' },
  '*': { auto: '0', autoDaily: '0', fourEyes: '100000', fourEyesDaily: '100000000' },
});
const EVERY_MS = 1000;
/** A log-in that failed is not tried again at once: such are counted. */
const AFTER_FAILURE_MS = 120_000;

/** The private key with which the demo and the scenarios approve, as PEM; made at the first call. */
export function demoAdminKey(dir: string): string {
  const file = join(dir, 'demo-admin.pem');
  if (!existsSync(file)) {
    const { privateKey, publicKey } = makeAdminKey();
    mkdirSync(join(dir, 'keys'), { recursive: true, mode: 0o700 });
    enrolAdmin(adminsFile(join(dir, 'keys')), DEMO_ADMIN, publicKey, Date.now());
    writeFileSync(file, privateKey, { mode: 0o600 });
  }
  return readFileSync(file, 'utf8');
}

/** Enrols what the demo admin's browsers offer, as soon as they do. Answers how to end. */
export function enrolOffered(world: {
  readonly url: string;
  readonly adminPassword: string;
  readonly dir: string;
}): () => void {
  let cookie = '';
  let notBefore = 0;
  let busy = false;
  const logIn = async (): Promise<void> => {
    const answer = await fetch(`${world.url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: DEMO_ADMIN, password: world.adminPassword }),
    });
    if (!answer.ok) throw new Error(`the demo admin could not log in: ${answer.status}`);
    cookie = answer.headers
      .getSetCookie()
      .map((line) => line.split(';')[0] ?? '')
      .join('; ');
  };
  const look = async (): Promise<void> => {
    if (cookie === '') await logIn();
    const answer = await fetch(`${world.url}/api/admin/approval-keys`, { headers: { cookie } });
    if (answer.status === 401) cookie = '';
    if (!answer.ok) return;
    const { items } = (await answer.json()) as { items: { email: string; publicKey: string; enrolled: boolean }[] };
    for (const { email, publicKey, enrolled } of items) {
      if (!enrolled && email === DEMO_ADMIN)
        enrolAdmin(adminsFile(join(world.dir, 'keys')), email, publicKey, Date.now());
    }
  };
  const timer = setInterval(() => {
    if (busy || Date.now() < notBefore) return;
    busy = true;
    // While the exchange is away there is nothing to enrol.
    void look()
      .catch(() => (notBefore = Date.now() + AFTER_FAILURE_MS))
      .finally(() => (busy = false));
  }, EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
