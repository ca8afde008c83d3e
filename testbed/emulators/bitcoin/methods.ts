/** The methods of Bitcoin Core that a gateway needs, over bcoin. One at a time, as the caller sees to. */
import type { Bcoin, MempoolEntry, Place, Tx } from './bcoin';
import { RELAY_RATE, accept, addAgain } from './mempool';
import { RpcError, blockView, coins, entryView, headerView, scriptView, transactionView, turned } from './present';

export type Methods = Readonly<Record<string, (...params: never[]) => Promise<unknown>>>;

/** Coins of the miner that may be spent only after so many blocks. */
const MATURITY = 100;
/** BTC a kilobyte: what estimatesmartfee says until it is told otherwise. */
const USUAL_RATE = 5000;

export function methodsOf(bcoin: Bcoin): Methods {
  return { ...reading(bcoin), ...transactions(bcoin), ...mining(bcoin) };
}

async function placeOf({ node }: Bcoin, hash: string): Promise<Place> {
  const place = /^[0-9a-f]{64}$/.test(hash) ? await node.chain.getEntry(turned(hash)) : null;
  if (!place) throw new RpcError(-5, 'Block not found');
  return place;
}

function reading(bcoin: Bcoin): Methods {
  const { node } = bcoin;
  const { chain } = node;
  return {
    getblockchaininfo: async () => ({
      chain: 'regtest',
      blocks: chain.height,
      headers: chain.height,
      bestblockhash: chain.tip.rhash(),
      time: chain.tip.time,
      mediantime: await chain.getMedianTime(chain.tip),
      verificationprogress: 1,
      initialblockdownload: false,
      pruned: false,
      warnings: [],
    }),
    getnetworkinfo: async () => ({
      version: 280000,
      subversion: '/bcoin:1.0.2/',
      protocolversion: 70016,
      connections: 0,
      networkactive: false,
      relayfee: coins(RELAY_RATE * 1000),
      incrementalfee: coins(RELAY_RATE * 1000),
      warnings: [],
    }),
    getblockcount: async () => chain.height,
    getbestblockhash: async () => chain.tip.rhash(),
    getblockhash: async (height: number) => {
      const hash = Number.isSafeInteger(height) && height >= 0 ? await chain.getHash(height) : null;
      if (hash === null) throw new RpcError(-8, 'Block height out of range');
      return turned(hash);
    },
    getblockheader: async (hash: string, verbose = true) => {
      const place = await placeOf(bcoin, hash);
      return verbose ? headerView(node, place) : place.toRaw().toString('hex').slice(0, 160);
    },
    getblock: async (hash: string, verbosity: number | boolean = 1) => {
      const place = await placeOf(bcoin, hash);
      const block = await chain.getBlock(place.hash);
      if (!block) throw new RpcError(-1, 'Block not available');
      return Number(verbosity) === 0
        ? block.toRaw().toString('hex')
        : blockView(node, place, block, Number(verbosity) === 1 ? 1 : 2);
    },
    gettxout: async (txid: string, index: number, withMempool = true) => {
      const hash = turned(txid);
      if (withMempool && node.mempool.isSpent(hash, index)) return null;
      const confirmed = await chain.getCoin(hash, index);
      const coin = confirmed ?? (withMempool ? node.mempool.getCoin(hash, index) : null);
      return (
        coin && {
          bestblock: chain.tip.rhash(),
          confirmations: confirmed ? chain.height - coin.height + 1 : 0,
          value: coins(coin.value),
          scriptPubKey: scriptView(coin.script),
          coinbase: coin.coinbase,
        }
      );
    },
  };
}

function transactions(bcoin: Bcoin): Methods {
  const { node } = bcoin;
  const { mempool } = node;
  let rate: number | null = USUAL_RATE;
  const decode = (hex: string): Tx => {
    try {
      return bcoin.readTransaction(Buffer.from(hex, 'hex'));
    } catch {
      throw new RpcError(-22, 'TX decode failed. Make sure the tx has at least one input.');
    }
  };
  const entryOf = (txid: string): MempoolEntry => {
    const entry = mempool.getEntry(turned(txid));
    if (!entry) throw new RpcError(-5, 'Transaction not in mempool');
    return entry;
  };
  const trial = async (hex: string): Promise<object> => {
    const tx = decode(hex);
    const named = { txid: tx.txid(), wtxid: tx.wtxid() };
    try {
      const { vsize, fee } = await accept(node, tx, false);
      return { ...named, allowed: true, vsize, fees: { base: coins(fee) } };
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      return { ...named, allowed: false, 'reject-reason': error.message.replace(/[,;].*/, '') };
    }
  };
  return {
    getrawtransaction: async (txid: string, verbosity: number | boolean = 0) => {
      const waiting = mempool.getEntry(turned(txid));
      const mined = waiting ? null : await node.getMeta(turned(txid));
      const tx = waiting?.tx ?? mined?.tx;
      if (!tx)
        throw new RpcError(
          -5,
          'No such mempool or blockchain transaction. Use gettransaction for wallet transactions.',
        );
      if (Number(verbosity) === 0) return tx.toRaw().toString('hex');
      return {
        ...transactionView(tx),
        ...(mined && {
          blockhash: turned(mined.block),
          confirmations: node.chain.height - mined.height + 1,
          time: mined.time,
          blocktime: mined.time,
        }),
      };
    },
    sendrawtransaction: async (hex: string) => {
      const tx = decode(hex);
      // As Core: what waits already is sent again and no fault.
      if (!mempool.getEntry(tx.hash('hex'))) await accept(node, tx, true);
      await mempool.cache.flush();
      return tx.txid();
    },
    testmempoolaccept: async (list: string[]) => {
      const views: object[] = [];
      for (const hex of list) views.push(await trial(hex));
      return views;
    },
    getrawmempool: async (verbose = false) => {
      const entries = [...mempool.map.values()];
      return verbose
        ? Object.fromEntries(entries.map((entry) => [entry.tx.txid(), entryView(node, entry)]))
        : entries.map(({ tx }) => tx.txid());
    },
    getmempoolentry: async (txid: string) => entryView(node, entryOf(txid)),
    getmempoolinfo: async () => ({
      loaded: true,
      size: mempool.map.size,
      mempoolminfee: coins(RELAY_RATE * 1000),
      minrelaytxfee: coins(RELAY_RATE * 1000),
      incrementalrelayfee: coins(RELAY_RATE * 1000),
      fullrbf: true,
    }),
    estimatesmartfee: async (blocks: number) =>
      rate === null
        ? { errors: ['Insufficient data or no feerate found'], blocks }
        : { feerate: coins(rate), blocks: Math.max(2, blocks) },
    /**
     * Not Core's: what estimatesmartfee says from now on, in satoshi a kilobyte; null as on a node that has seen too
     * little.
     */
    setfeerate: async (satoshi: number | null) => {
      rate = satoshi;
      return null;
    },
  };
}

function mining(bcoin: Bcoin): Methods {
  const { node, miner } = bcoin;
  const { chain } = node;
  const address = (text: string): unknown => {
    try {
      return bcoin.readAddress(text);
    } catch {
      throw new RpcError(-5, 'Error: Invalid address');
    }
  };
  /** One block on the tip; with what waits, or with exactly these transactions. */
  const mine = async (to: unknown, only?: readonly Tx[]): Promise<string> => {
    const job = await node.miner.cpu.createJob(chain.tip, to);
    if (only) {
      job.attempt.items = [];
      job.attempt.fees = 0;
      for (const tx of only)
        if (!job.addTX(tx, await chain.getCoinView(tx))) throw new RpcError(-25, `${tx.txid()} does not fit`);
    }
    job.refresh();
    const block = await job.mineAsync();
    if (!(await chain.add(block))) throw new RpcError(-25, 'ProcessNewBlock, block not accepted');
    return block.rhash();
  };
  return {
    generatetoaddress: async (count: number, to: string) => {
      const target = address(to);
      const hashes: string[] = [];
      for (let n = 0; n < count; n++) hashes.push(await mine(target));
      return hashes;
    },
    generateblock: async (to: string, raw: string[]) => ({
      hash: await mine(
        address(to),
        raw.map((hex) => bcoin.readTransaction(Buffer.from(hex, 'hex'))),
      ),
    }),
    /**
     * Not Core's: a block to the node's own miner, whose coins sendtoaddress gives away; of at most so much weight, so
     * that who pays little has to wait.
     */
    mine: async (weight?: number) => {
      const { options } = node.miner;
      const usual = options.maxWeight;
      options.maxWeight = weight ?? usual;
      try {
        return await mine(miner.getAddress());
      } finally {
        options.maxWeight = usual;
      }
    },
    sendtoaddress: async (to: string, amount: number | string) => {
      const satoshi = Number(decimalOf(amount));
      const spendable = (await chain.getCoinsByAddress([miner.getAddress()])).filter(
        (coin) => chain.height - coin.height >= MATURITY && !node.mempool.isSpent(coin.hash, coin.index),
      );
      const made = bcoin.newTransaction();
      made.addOutput(address(to), satoshi);
      await made.fund(spendable, { rate: USUAL_RATE, height: chain.height + 1, changeAddress: miner.getAddress() });
      made.sign(miner);
      const tx = made.toTX();
      await accept(node, tx, true);
      return tx.txid();
    },
    invalidateblock: async (hash: string) => {
      const place = await placeOf(bcoin, hash);
      const waiting = [...node.mempool.map.values()].map(({ tx }) => tx);
      const lost: Tx[] = [];
      for (let at: Place | null = chain.tip; at && at.height >= place.height; at = await chain.getEntry(at.prevBlock))
        lost.unshift(...((await chain.getBlock(at.hash))?.txs.slice(1) ?? []));
      await chain.invalidate(place.hash);
      await addAgain(node, [...lost, ...waiting]);
      return null;
    },
    reconsiderblock: async (hash: string) => {
      chain.removeInvalid(turned(hash));
      return null;
    },
  };
}

/** An amount in BTC, number or string, in satoshi. */
function decimalOf(amount: number | string): bigint {
  const [, whole, part = ''] =
    /^(\d{1,8})(?:\.(\d{1,8}))?$/.exec(typeof amount === 'number' ? amount.toFixed(8) : amount) ?? [];
  if (whole === undefined) throw new RpcError(-3, 'Invalid amount');
  return BigInt(whole) * 100_000_000n + BigInt(part.padEnd(8, '0'));
}
