/**
 * `npm run bench:scan [-- --quick] [-- --json] [-- --seed S] [-- --only=bitcoin,ethereum]`: blocks a second through
 * the product's own scanner, with 100,000 watched addresses; a made day of Bitcoin, and full blocks on a local
 * Ethereum node.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstListing } from '../../db/seed';
import { networkOf } from '../../domain/registry';
import { ownKind, scriptOf } from '../../wallets/chains/bitcoin/addresses';
import { createBitcoinNode } from '../../wallets/chains/bitcoin/node';
import { createEvmChain } from '../../wallets/chains/evm';
import type { DayMade, DayWanted } from '../benches/bitcoin-day';
import { openScanStage } from '../benches/scan-stage';
import type { ScanStage, Scanned, Wanted } from '../benches/scan-stage';
import { startAnvil } from '../emulators/evm/anvil';
import { anyEvm, fillBlocks, spellEvm } from '../emulators/evm/busy';
import { prepareChain } from '../emulators/evm/prepare';
import { stranger } from '../emulators/evm/stranger';
import { runCommand, stopAtEnd } from '../../deploy/cli/lifetime';
import { isQuick, json, line, option, table, wantsJson } from '../../deploy/cli/print';
import { freePort } from '../services/process';

const quick = isQuick();
const ADDRESSES = quick ? 20_000 : 100_000;
const DEADLINE_SECONDS = quick ? 180 : 1200;
const only = process.argv
  .find((argument) => argument.startsWith('--only='))
  ?.slice('--only='.length)
  .split(',');
const seed = Number(option('seed') ?? Date.now() % 2 ** 31);
/** 144 blocks are a day; a block of the main network is about a megabyte and a half. */
const DAY = { blocks: quick ? 6 : 144, blockBytes: 1_500_000, paid: 20 };
const MOST_SECONDS_A_DAY = 300;
const BUSY = { blocks: quick ? 4 : 60, payments: 100, splits: 10 };
const say = (text: string): void => void process.stderr.write(`${text}\n`);

const spellBitcoin = (bytes: Buffer): string => ownKind(Uint8Array.from([0, 20, ...bytes]), 'regtest') ?? '';

async function bitcoin(stage: ScanStage): Promise<Scanned & { readonly day: DayMade }> {
  const watched = Array.from({ length: 1000 }, (_, at) =>
    spellBitcoin(Buffer.from([...Buffer.from(`watched ${at}`.padEnd(20, '.'))])),
  );
  const wanted: DayWanted = {
    seed,
    ...DAY,
    scripts: watched.map((address) => Buffer.from(scriptOf(address, 'regtest') ?? []).toString('hex')),
  };
  say(`${DAY.blocks} blocks of Bitcoin are made (seed ${seed}) ...`);
  const node = fork(join(__dirname, '../benches/bitcoin-day.ts'), [], { execArgv: ['--import', 'tsx'] });
  try {
    const day = await new Promise<DayMade>((resolve, reject) => {
      node.once('message', resolve);
      node.once('exit', () => reject(new Error('the blocks could not be made')));
      node.send(wanted);
    });
    say(
      `${day.transactions} transactions, ${day.outputs} outputs, ${Math.round(day.bytes / 1e6)} MB; they are read ...`,
    );
    const chain = createBitcoinNode({ rpcUrl: `http://u:p@127.0.0.1:${day.port}`, network: 'regtest', asset: 'BTC' });
    // The first block is the real one, which the made node does not have.
    const asked = {
      ...chain,
      transfers: (block, isOurs) => (block.height === 0 ? Promise.resolve([]) : chain.transfers(block, isOurs)),
    } satisfies Wanted['chain'];
    return {
      ...(await stage.scan({ network: 'bitcoin', chain: asked, spell: spellBitcoin, watched, addresses: ADDRESSES })),
      day,
    };
  } finally {
    node.kill();
  }
}

async function ethereum(
  registry: ReturnType<typeof firstListing>,
  chainOf: { url: string; chainId: number; usdt: string },
): Promise<Scanned[]> {
  const watched = Array.from({ length: 100 }, anyEvm);
  say(`${BUSY.blocks} blocks of Ethereum are filled ...`);
  await fillBlocks(chainOf, chainOf.usdt, { ...BUSY, watched });
  await stranger(chainOf).mine(4);
  const rails = registry.rails.filter(({ network }) => network === 'ethereum');
  const results: Scanned[] = [];
  for (const traces of [true, false]) {
    const chain = createEvmChain(networkOf(registry, 'ethereum'), rails, { rpcUrl: chainOf.url, traces });
    say(
      `They are read, ${traces ? "with traces (nearly all of that time is the local node's)" : 'and balances are looked at'} ...`,
    );
    const found = await onStage(registry, (stage) =>
      stage.scan({ network: 'ethereum', chain, balances: !traces, spell: spellEvm, watched, addresses: ADDRESSES }),
    ).finally(() => chain.close());
    results.push(traces ? { ...found, network: 'ethereum, traced' } : found);
  }
  return results;
}

/** Each with a database of its own: what was credited once is not credited again. */
async function onStage<T>(
  registry: ReturnType<typeof firstListing>,
  run: (stage: ScanStage) => Promise<T>,
): Promise<T> {
  const stage = await openScanStage(registry, say);
  try {
    return await run(stage);
  } finally {
    await stage.close();
  }
}

const perSecond = ({ blocks, seconds }: Scanned): number => Math.round((blocks / seconds) * 10) / 10;

function print(results: readonly Scanned[], daySeconds: number | undefined): void {
  const summary = Object.fromEntries(
    results.map((one) => [one.network, { blocksPerSecond: perSecond(one), addresses: one.addresses }]),
  );
  if (wantsJson()) {
    for (const one of results) json(one);
    json({ ...summary, seed, ...(daySeconds !== undefined && { bitcoinDaySeconds: daySeconds }) });
    return;
  }
  table(
    ['network', 'blocks', 'seconds', 'of it the node', 'blocks a second', 'addresses', 'deposits', 'credited'],
    results.map((one) => [
      one.network,
      String(one.blocks),
      one.seconds.toFixed(1),
      one.nodeSeconds.toFixed(1),
      String(perSecond(one)),
      String(one.addresses),
      String(one.deposits),
      String(one.credited),
    ]),
  );
  if (daySeconds !== undefined) line(`\n  A day of Bitcoin: ${daySeconds} s (at most ${MOST_SECONDS_A_DAY}).`);
  line(`  Seed ${seed}.`);
}

async function main(): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-scan-'));
  const starting = startAnvil({
    dir: join(dir, 'chain'),
    port: await freePort(),
    chainId: 31337,
    blockSeconds: 0,
    logFile: join(dir, 'anvil.log'),
  });
  const forget = stopAtEnd(async () => (await starting).stop());
  const anvil = await starting;
  try {
    let ready = false;
    const prepared = prepareChain(anvil.url).finally(() => (ready = true));
    while (!ready)
      await stranger(anvil)
        .mine()
        .then(() => new Promise((resolve) => setTimeout(resolve, 20)));
    const { usdt } = await prepared;
    const registry = firstListing(
      { ethereum: { chainId: anvil.chainId, usdt, confirmations: 3 } },
      { confirmations: 3 },
    );
    const results: Scanned[] = [];
    if (!only || only.includes('ethereum')) results.push(...(await ethereum(registry, { ...anvil, usdt })));
    const day = !only || only.includes('bitcoin') ? await onStage(registry, bitcoin) : undefined;
    if (day) results.push(day);
    const daySeconds = day && Math.round((144 / (day.blocks / day.seconds)) * 10) / 10;
    print(results, daySeconds);
    // What is paid in the last blocks does not count yet; all that does must be there.
    const missed = results.filter(({ deposits, credited }) => deposits === 0 || credited === 0);
    return missed.length === 0 && (daySeconds ?? 0) <= MOST_SECONDS_A_DAY ? 0 : 1;
  } finally {
    await anvil.stop();
    forget();
    rmSync(dir, { recursive: true, force: true });
  }
}

runCommand(main, DEADLINE_SECONDS);
