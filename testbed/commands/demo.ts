/**
 * `npm run demo [-- --network ethereum|bsc|polygon|bitcoin|tron]`: walks one user's whole life on the running local
 * world (or starts one), then audits.
 */
import { auditBySettings } from '../../deploy/custody';
import { runCommand } from '../../deploy/cli/lifetime';
import { json, line, option, wantsJson } from '../../deploy/cli/print';
import { LIFE_NETWORKS, live } from '../stage/life';
import type { Tell } from '../stage/life';
import { withWorld, worldConfig } from '../world';
import { printAudit } from '../../deploy/cli/audit';

const AUDIT_WAIT_MS = 60_000;
const STEPS = 10;

async function main(): Promise<number> {
  const network = option('network') ?? 'ethereum';
  if (!LIFE_NETWORKS.includes(network)) throw new Error(`--network is one of ${LIFE_NETWORKS.join(', ')}`);
  return withWorld(async (world) => {
    if (!world.isLocal)
      throw new Error('What runs here is not the local world: the demo has no accounts and no coins there.');
    let done = 0;
    const tell: Tell = (step, title, facts) => {
      done = step;
      if (wantsJson()) return json({ step, title, ...facts });
      const told = Object.entries(facts).map(([name, value]) => `${name} ${value}`);
      line(` ${String(step).padStart(2)}. ${title}${told.length > 0 ? ` · ${told.join(' · ')}` : ''}`);
    };
    if (!wantsJson()) line(`\nOne user's life on ${world.url}, coins on ${network}\n`);
    let problem: string | undefined;
    try {
      await live(world, tell, { network });
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      if (!wantsJson()) line(`\n  step ${done + 1} failed: ${problem}`);
    }
    const result = await auditBySettings(worldConfig(world), AUDIT_WAIT_MS);
    if (!wantsJson()) line('');
    printAudit(result);
    const words = result.balanced ? 'balanced' : 'NOT BALANCED';
    if (wantsJson()) json({ steps: done, of: STEPS, balanced: result.balanced, ...(problem && { problem }) });
    else line(`\nlife: ${done} of ${STEPS} steps, audit: ${words}\n`);
    return done === STEPS && result.balanced ? 0 : 1;
  });
}

runCommand(main);
