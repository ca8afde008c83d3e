/**
 * Each secret of the exchange rotated in a scratch directory: what the old version made is believed while it stands
 * second, and no longer.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVault, signerFor } from '../../server/secrets';
import { connectLink } from '../link/connect';
import { serveLink } from '../link/serve';
import type { Ports } from '../link/protocol';

export interface DrillStep {
  readonly step: string;
  readonly held: boolean;
}

const fresh = (): string => randomBytes(32).toString('hex');
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const orFalse = (work: Promise<unknown>): Promise<boolean> => work.then(Boolean, () => false);

async function drillKycKey(dir: string): Promise<DrillStep[]> {
  const [old, next] = [fresh(), fresh()];
  const vaultOf = (kycKey: string) => createVault({ kycKey, kycDir: join(dir, 'kyc') });
  const [before, both, after] = [vaultOf(old), vaultOf(`${next},${old}`), vaultOf(next)];
  const document = randomBytes(1000);
  const file = await before.store('drill', document);
  const sealed = before.sealText('drill', 'P-1234');
  const reads = async (vault: typeof before, text: string): Promise<boolean> =>
    (await orFalse(vault.read('drill', file).then((bytes) => bytes.equals(document)))) &&
    vault.openText('drill', text) === 'P-1234';
  const during = await reads(both, sealed);
  const early = await orFalse(after.read('drill', file));
  await both.reseal('drill', file);
  const resealed = both.sealText('drill', both.openText('drill', sealed));
  return [
    { step: 'KYC_KEY: what the old key sealed is read while it stands second', held: during },
    { step: 'KYC_KEY: not read by the new one alone before it was sealed anew', held: !early },
    { step: 'KYC_KEY: read by the new one alone after', held: await reads(after, resealed) },
    { step: 'KYC_KEY: and not by the old one any more', held: !(await orFalse(before.read('drill', file))) },
  ];
}

function drillSessionSecret(): DrillStep[] {
  const [old, next] = [fresh(), fresh()];
  const mac = signerFor(old, 'drill').sign('a session');
  const renewed = signerFor(`${next},${old}`, 'drill').sign('a session');
  return [
    {
      step: 'SESSION_SECRET: what the old one signed is believed while it stands second',
      held: signerFor(`${next},${old}`, 'drill').fits(mac, 'a session'),
    },
    {
      step: 'SESSION_SECRET: what is signed meanwhile outlives it',
      held: signerFor(next, 'drill').fits(renewed, 'a session'),
    },
    {
      step: 'SESSION_SECRET: what the old one signed is not believed after',
      held: !signerFor(next, 'drill').fits(mac, 'a session'),
    },
  ];
}

/** A house that answers nothing: who gets in is all that is asked. */
const noHouse = (): Ports => {
  const deaf = {
    on: () => () => undefined,
    publish: () => undefined,
    onDepth: () => () => undefined,
    onTrades: () => () => undefined,
  };
  return {
    engine: deaf,
    quotes: deaf,
    marketData: deaf,
    figures: deaf,
    depositAddresses: deaf,
    addressCheck: deaf,
    payoutRules: deaf,
    reconciliation: deaf,
    coldStorage: deaf,
    networkStates: deaf,
    events: deaf,
  } as unknown as Ports;
};

async function getsIn(dir: string, engine: string, api: string): Promise<boolean> {
  const address = join(dir, 'engine.sock');
  const server = await serveLink(noHouse(), { address, secret: engine, logger: silent });
  const link = connectLink({ address, secret: api, logger: silent });
  const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 1000).unref());
  const isIn = await Promise.race([link.ready().then(() => true), late]);
  link.close();
  await server.close();
  return isIn;
}

async function drillEngineSecret(dir: string): Promise<DrillStep[]> {
  const [old, next] = [fresh(), fresh()];
  return [
    {
      step: 'ENGINE_SECRET: a process with the old one is let in while it stands second',
      held: await getsIn(dir, `${next},${old}`, old),
    },
    {
      step: 'ENGINE_SECRET: so is one that has both, and one with the new one',
      held: (await getsIn(dir, `${next},${old}`, `${next},${old}`)) && (await getsIn(dir, next, `${next},${old}`)),
    },
    { step: 'ENGINE_SECRET: one with the old one is not let in after', held: !(await getsIn(dir, next, old)) },
  ];
}

export async function drillSecrets(): Promise<DrillStep[]> {
  const dir = await mkdtemp(join(tmpdir(), 'javizen-secrets-'));
  try {
    return [...(await drillKycKey(dir)), ...drillSessionSecret(), ...(await drillEngineSecret(dir))];
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
