/** Losing the signer's seed and getting it back, in a directory of its own with a seed of its own. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  freshSeed,
  joinShares,
  knownBy,
  readSeed,
  readShare,
  rotateSeed,
  splitSeed,
  writeSeed,
} from '../../wallets/keys';

export interface DrillStep {
  readonly step: string;
  readonly ok: boolean;
  readonly seen: string;
}

const SHARES = 3;
const NEEDED = 2;

/**
 * Generates, backs up, destroys, restores from each two shares, rotates. Every step says what it saw; a step that
 * throws has failed.
 */
export async function drill(): Promise<DrillStep[]> {
  const dir = mkdtempSync(join(tmpdir(), 'javizen-drill-'));
  const steps: DrillStep[] = [];
  const run = async (step: string, work: () => Promise<{ ok: boolean; seen: string }>): Promise<void> => {
    try {
      steps.push({ step, ...(await work()) });
    } catch (error) {
      steps.push({ step, ok: false, seen: error instanceof Error ? error.message : String(error) });
    }
  };
  const file = join(dir, 'seed.sealed');
  const [passphrase, another] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
  const shareFile = (number: number): string => join(dir, `share-${number}.json`);
  const refused = async (work: Promise<unknown>): Promise<{ ok: boolean; seen: string }> => {
    const why = await work.then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    return { ok: why !== undefined, seen: why ?? 'it opened' };
  };
  let before: ReturnType<typeof knownBy> | undefined;
  const same = async (work: Promise<Parameters<typeof knownBy>[0]>): Promise<{ ok: boolean; seen: string }> => {
    const now = knownBy(await work);
    const ok = before !== undefined && JSON.stringify(now) === JSON.stringify(before);
    return {
      ok,
      seen: `${now.ethereumDeposit0}, signature ${now.signature.slice(0, 18)}…: ${ok ? 'the same' : 'ANOTHER'}`,
    };
  };
  try {
    await run('generate', async () => {
      await writeSeed(file, freshSeed(), passphrase);
      before = knownBy(await readSeed(file, passphrase));
      return { ok: true, seen: `address 0 is ${before.ethereumDeposit0}, fingerprint ${before.fingerprint}` };
    });
    await run('back up', async () => {
      const shares = await splitSeed(await readSeed(file, passphrase), SHARES, NEEDED);
      for (const share of shares) writeFileSync(shareFile(share.number), JSON.stringify(share), { mode: 0o600 });
      return {
        ok: shares.length === SHARES,
        seen: `${SHARES} shares of set ${shares[0]?.set ?? '?'}, ${NEEDED} needed`,
      };
    });
    await run('destroy', async () => {
      writeFileSync(file, randomBytes(statSync(file).size));
      const { ok } = await refused(readSeed(file, passphrase));
      rmSync(file);
      return { ok, seen: 'overwritten, does not open, removed' };
    });
    await run('one share is worth nothing', () => refused(joinShares([readShare(readFileSync(shareFile(1), 'utf8'))])));
    for (const pair of [
      [1, 2],
      [1, 3],
      [2, 3],
    ]) {
      await run(`restore from shares ${pair.join(' and ')}`, async () => {
        rmSync(file, { force: true });
        await writeSeed(
          file,
          await joinShares(pair.map((number) => readShare(readFileSync(shareFile(number), 'utf8')))),
          passphrase,
        );
        return same(readSeed(file, passphrase));
      });
    }
    await run('rotate', async () => {
      await rotateSeed(file, passphrase, another);
      return same(readSeed(file, another));
    });
    await run('the former passphrase is worth nothing', () => refused(readSeed(file, passphrase)));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  return steps;
}
