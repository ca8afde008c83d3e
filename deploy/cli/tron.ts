/**
 * `npm run tron -- status | stake | unstake | cancel`: the operator's stake on TRON. A wish is written down here, with
 * what it is for, and carried out by the exchange that runs on these settings. With `--json` one object a line, the
 * last the summary.
 */
import { userInfo } from 'node:os';
import { openDatabase } from '../../db/data-source';
import type { StakeRow } from '../../db/entities/stakes';
import { loadRegistry } from '../../db/stores/registry';
import { createStakeStore } from '../../db/stores/stakes';
import type { StakeStore } from '../../db/stores/stakes';
import { formatAmount, fromChainUnits, isAmount, parseAmount } from '../../domain/money/amount';
import type { Registry } from '../../domain/registry';
import { createTronChain } from '../../wallets/chains/tron';
import { connectSigner } from '../../wallets/keys';
import { anyNode } from '../../wallets/chains/any-node';
import type { Config } from '../config';
import { openTron } from '../config/networks';
import { runningConfig } from '../config/running';
import { runCommand } from './lifetime';
import { json, line, option, table, wantsJson } from './print';
import { ids } from '../roles/process';

const USAGE = `npm run tron -- status                                          what is staked, lent and waiting, and what was wished
npm run tron -- stake <TRX> energy|bandwidth --why <text>       the operator's own TRX of the hot wallet becomes stake
npm run tron -- unstake <TRX> energy|bandwidth --why <text>     stake becomes TRX again, fourteen days later
npm run tron -- cancel <id> --why <text>                        gives a wish up that nothing was sent for`;

const SUN_DECIMALS = 6;
const SHOWN = 20;
const ONE_TRX = parseAmount('1');

interface Place {
  readonly store: StakeStore;
  readonly config: Config;
  readonly registry: Registry;
}

/** Who asks, as far as this machine knows: whoever may run this may read the settings. */
const action = (what: string, subject: string, details: Record<string, unknown>) => ({
  id: ids.next(),
  adminId: 'operator',
  action: `tron.${what}`,
  subject,
  details: { ...details, by: userInfo().username },
  at: Date.now(),
});

function why(): string {
  const text = option('why');
  if (!text) throw new Error('say what for: --why "energy for the sweeps of a day"');
  return text.slice(0, 500);
}

async function wish(
  { store, registry }: Place,
  kind: StakeRow['kind'],
  amount: string,
  resource: string,
): Promise<string> {
  const tron = registry.networks.find((network) => network.kind === 'tron');
  if (!tron) throw new Error('these settings list no TRON');
  if (
    !isAmount(amount) ||
    parseAmount(amount) < ONE_TRX ||
    parseAmount(amount) % fromChainUnits(1n, SUN_DECIMALS) !== 0n
  )
    throw new Error(`${amount} is no amount of TRX: at least 1, with at most six decimals`);
  if (resource !== 'energy' && resource !== 'bandwidth')
    throw new Error(`say what the stake is for: energy or bandwidth, not ${resource || 'nothing'}`);
  const now = Date.now();
  const row: StakeRow = {
    id: `st${ids.next()}`,
    network: tron.id,
    kind,
    resource: resource === 'energy' ? 'ENERGY' : 'BANDWIDTH',
    asset: tron.gasAsset,
    amount,
    state: 'PLANNED',
    why: why(),
    adminId: 'operator',
    txid: null,
    readyAt: null,
    reason: null,
    createdAt: now,
    updatedAt: now,
  };
  await store.add(row, action(kind, row.id, { amount, resource, why: row.why }));
  return row.id;
}

async function cancel({ store }: Place, id: string): Promise<void> {
  if (!(await store.advance(id, 'cancel', { updatedAt: Date.now() }, action('cancel', id, { why: why() }))))
    throw new Error(`there is no wish ${id} that waits: what was sent is not taken back`);
}

/** What the chain says of the hot wallet, as rows of a table. */
async function chainRows({ config, registry }: Place): Promise<[string, string][]> {
  const [tron, network] = [openTron(config), registry.networks.find(({ kind }) => kind === 'tron')];
  if (!tron || !network) throw new Error('these settings name no node of TRON');
  const rails = registry.rails.filter((rail) => rail.network === network.id);
  const chain = anyNode(network, tron.rpcUrls, (rpcUrl) =>
    createTronChain(network, rails, { rpcUrl, headers: tron.headers, tron: tron.tron }),
  );
  const { hotAddress } = await connectSigner(config.SIGNER_SOCKET).identity(network.id);
  const [balance, stake, resources, lendable] = [
    await chain.balance(hotAddress, network.gasAsset),
    await chain.stake(hotAddress),
    await chain.resources(hotAddress),
    await chain.lendable(hotAddress),
  ];
  return [
    ['hot wallet', hotAddress],
    ['TRX', formatAmount(balance)],
    ['staked for energy, not lent', formatAmount(stake.own.ENERGY)],
    ['staked for bandwidth', formatAmount(stake.own.BANDWIDTH)],
    ['lent', formatAmount(stake.lent)],
    ...stake.waiting.map(({ amount, at }): [string, string] => [
      `had at ${new Date(at).toISOString()}`,
      formatAmount(amount),
    ]),
    ['energy now', resources.energy.toString()],
    ['bandwidth now', resources.bandwidth.toString()],
    ['TRX whose energy can be lent now', formatAmount(fromChainUnits(lendable, SUN_DECIMALS))],
  ];
}

async function status(place: Place): Promise<number> {
  const chain = await chainRows(place).catch((error: unknown): [string, string][] => [
    ['not asked', error instanceof Error ? error.message : String(error)],
  ]);
  const rows = await place.store.newest(SHOWN);
  if (wantsJson()) {
    for (const { id, kind, resource, amount, state, why: reasonFor, readyAt, reason, txid } of rows)
      json({
        id,
        kind,
        resource,
        amount: formatAmount(parseAmount(amount)),
        state,
        why: reasonFor,
        readyAt,
        reason,
        txid,
      });
    json({ wishes: rows.length, ...Object.fromEntries(chain) });
    return 0;
  }
  table(['what', 'value'], chain);
  line('');
  table(
    ['wish', 'what', 'TRX', 'for', 'state', 'waits for', 'had at'],
    rows.map((row) => [
      row.id,
      row.kind,
      formatAmount(parseAmount(row.amount)),
      row.resource,
      row.state,
      row.reason ?? '',
      row.readyAt === null ? '' : new Date(row.readyAt).toISOString(),
    ]),
  );
  return 0;
}

async function main(): Promise<number> {
  const words = process.argv.slice(2).filter((word, at, all) => !word.startsWith('--') && all[at - 1] !== '--why');
  const [what, first = '', second = ''] = words;
  if (!what || !['status', 'stake', 'unstake', 'cancel'].includes(what)) {
    process.stderr.write(`${USAGE}\n`);
    return 2;
  }
  const config = await runningConfig();
  const dataSource = await openDatabase({ url: config.DATABASE_URL, poolSize: 2 });
  try {
    const place = { store: createStakeStore(dataSource), config, registry: await loadRegistry(dataSource) };
    if (what === 'status') return await status(place);
    if (what === 'cancel') await cancel(place, first);
    const id = what === 'stake' || what === 'unstake' ? await wish(place, what, first, second) : first;
    if (wantsJson()) json({ id, done: what });
    else
      line(
        what === 'cancel'
          ? `  ${id} is given up.`
          : `  Written down as ${id}; the exchange carries it out when it can. See: npm run tron -- status`,
      );
    return 0;
  } finally {
    await dataSource.destroy();
  }
}

runCommand(main);
