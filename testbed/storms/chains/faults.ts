/** What befalls nodes and our own processes while coins come in and go out. Each heals before the storm is over. */
import { askBitcoin } from '../../emulators/bitcoin/start';
import { askTron } from '../../emulators/tron/start';
import { sleep } from '../../services/process';
import { chainOf } from '../../world';
import type { World, WorldAddress } from '../../world';
import type { NodeProxy } from '../../stage/node-proxy';
import type { Dice } from '../../stage/random';

export interface Fault {
  readonly name: string;
  fire(): Promise<void>;
}

const EVM = ['ethereum', 'bsc'];
/** The most blocks that are lost at a time: fewer than a deposit must lie below. */
const LOST_BLOCKS = 2;
const BLOCKS_BEHIND = 6;
const LASTS_MS = 4000;

type Method = { readonly method: string };
const blockNumber = (result: unknown, less: number): unknown =>
  typeof result === 'string' ? `0x${Math.max(0, Number(result) - less).toString(16)}` : result;

/** Says something else than it knows for a while. */
async function spoilt(proxy: NodeProxy, tamper: (call: Method, result: unknown) => unknown): Promise<void> {
  const before = proxy.asked.length;
  proxy.tamper = tamper;
  await sleep(LASTS_MS);
  proxy.tamper = (_, result) => result;
  if (proxy.asked.length === before) throw new Error('nobody asked the node meanwhile');
  proxy.asked.length = 0;
}

async function refusing(proxy: NodeProxy): Promise<void> {
  proxy.down = true;
  await sleep(LASTS_MS);
  proxy.down = false;
}

async function askEvm<T>(url: string, method: string, params: readonly unknown[]): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as { result: T; error?: { message: string } };
  if (error) throw new Error(error.message);
  return result;
}

/** The last blocks are lost; what was in them is mined again in another one, as a network does. */
async function reorganiseEvm(url: string): Promise<void> {
  const head = Number(await askEvm<string>(url, 'eth_blockNumber', []));
  const raw: [string, number][] = [];
  for (let height = head - LOST_BLOCKS + 1; height <= head; height++) {
    const { transactions } = await askEvm<{ transactions: string[] }>(url, 'eth_getBlockByNumber', [
      `0x${height.toString(16)}`,
      false,
    ]);
    for (const hash of transactions) raw.push([await askEvm<string>(url, 'eth_getRawTransactionByHash', [hash]), 1]);
  }
  await askEvm(url, 'anvil_reorg', [LOST_BLOCKS, raw]);
}

async function reorganiseBitcoin(url: string): Promise<void> {
  const height = await askBitcoin<number>(url, 'getblockcount');
  await askBitcoin(url, 'invalidateblock', await askBitcoin<string>(url, 'getblockhash', height - LOST_BLOCKS + 1));
}

function evmFaults(
  world: World,
  address: WorldAddress,
  proxies: ReadonlyMap<string, NodeProxy>,
  network: string,
): Fault[] {
  const proxy = proxies.get(network) as NodeProxy;
  const { rpcUrl } = chainOf(address, network);
  return [
    { name: `${network}: a reorganisation`, fire: () => reorganiseEvm(rpcUrl) },
    {
      name: `${network}: a node that lags`,
      fire: () =>
        spoilt(proxy, ({ method }, result) =>
          method === 'eth_blockNumber' ? blockNumber(result, BLOCKS_BEHIND) : result,
        ),
    },
    // Another block than the others have, and blocks without what is in them.
    {
      name: `${network}: a node that lies`,
      fire: () =>
        spoilt(proxy, ({ method }, result) =>
          method === 'eth_getBlockReceipts' ? [] : method === 'eth_getLogs' ? [] : result,
        ),
    },
    { name: `${network}: a node that refuses`, fire: () => refusing(proxy) },
    { name: `${network}: a node is restarted`, fire: () => world.restartNode(network) },
    {
      name: `${network}: fees rise`,
      fire: async () =>
        void (await askEvm(rpcUrl, 'anvil_setNextBlockBaseFeePerGas', [`0x${(30_000_000_000).toString(16)}`])),
    },
  ];
}

function bitcoinFaults(world: World, url: string, proxy: NodeProxy): Fault[] {
  return [
    { name: 'bitcoin: a reorganisation', fire: () => reorganiseBitcoin(url) },
    {
      name: 'bitcoin: a node that lags',
      fire: () =>
        spoilt(proxy, ({ method }, result) => (method === 'getblockcount' ? Number(result) - BLOCKS_BEHIND : result)),
    },
    // The block before, under the next one's hash.
    {
      name: 'bitcoin: a node that lies',
      fire: () =>
        spoilt(proxy, ({ method }, result) =>
          method === 'getblock' && typeof result === 'string'
            ? `${result.slice(0, 72)}${'00'.repeat(32)}${result.slice(136)}`
            : result,
        ),
    },
    { name: 'bitcoin: a node that refuses', fire: () => refusing(proxy) },
    { name: 'bitcoin: a node is restarted', fire: () => world.restartNode('bitcoin') },
    {
      name: 'bitcoin: fees rise',
      fire: async () => {
        await askBitcoin(url, 'setfeerate', 20_000);
        await sleep(LASTS_MS);
        await askBitcoin(url, 'setfeerate', 5000);
      },
    },
  ];
}

function tronFaults(world: World, url: string): Fault[] {
  const during = async (name: string): Promise<void> => {
    await askTron(url, 'control/faults', { [name]: true });
    await sleep(LASTS_MS);
    await askTron(url, 'control/faults', { [name]: false });
  };
  return [
    {
      name: 'tron: a reorganisation',
      fire: async () => void (await askTron(url, 'control/reorg', { depth: LOST_BLOCKS, lose: false })),
    },
    { name: 'tron: a node that lags', fire: () => during('solidStops') },
    { name: 'tron: a node that does not know yet', fire: () => during('infosLate') },
    { name: 'tron: a node that refuses', fire: () => during('away') },
    { name: 'tron: a node is restarted', fire: () => world.restartNode('tron') },
  ];
}

/** Every fault there is in this world. */
export function faultsOf(world: World, address: WorldAddress, proxies: ReadonlyMap<string, NodeProxy>): Fault[] {
  const bitcoin = proxies.get('bitcoin');
  return [
    ...EVM.filter((network) => address.chains[network]).flatMap((network) =>
      evmFaults(world, address, proxies, network),
    ),
    ...(address.bitcoinUrl && bitcoin ? bitcoinFaults(world, address.bitcoinUrl, bitcoin) : []),
    ...(address.tronUrl ? tronFaults(world, address.tronUrl) : []),
    ...(['javizen', 'signer', 'mariadb'] as const).map((part) => ({
      name: `${part} is killed`,
      fire: () => world.killAndRestart(part),
    })),
  ];
}

/**
 * One after the other until the time is over: each once in an order by the seed, then any. Answers how often each
 * fired.
 */
export async function rage(
  faults: readonly Fault[],
  dice: Dice,
  { until, pauseMs }: { until: number; pauseMs: number },
  say: (text: string) => void,
): Promise<Record<string, number>> {
  const fired: Record<string, number> = {};
  const queue = dice.shuffled(faults);
  // Each once, even where the time is short.
  while (Date.now() < until || queue.length > 0) {
    const fault = queue.shift() ?? dice.pick(faults);
    say(fault.name);
    // One that could not happen now, because a part is just away, is tried again later.
    const done = await fault.fire().then(
      () => true,
      (error: unknown) => (say(`  not now: ${error instanceof Error ? error.message : String(error)}`), false),
    );
    if (done) fired[fault.name] = (fired[fault.name] ?? 0) + 1;
    else if (fired[fault.name] === undefined && Date.now() < until) queue.push(fault);
    await sleep(dice.between(pauseMs / 5, pauseMs));
  }
  return fired;
}
