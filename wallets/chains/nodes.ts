/**
 * Several nodes of one network behind one: the first that is well answers, and what is worth much is asked of a second
 * one.
 */
import type { Clock } from '../../domain/clock-and-ids';
import type { Logger, NodeState } from '../../domain/contract/ports';
import { reasonOf } from '../loop';
import { TransferRefused, WrongChain } from './chain';
import type { BlockHeader, Broadcast, Chain, ChainTransfer } from './chain';

type Asked = Pick<Chain, 'check' | 'head' | 'header' | 'transfers' | 'broadcast' | 'address'> &
  Partial<Pick<Chain, 'close' | 'nativeBalances' | 'receipt'>>;

export interface Node<C> {
  /** As operators are shown it: host and port, never a password or a key. */
  readonly name: string;
  readonly chain: C;
}

export interface NodesConfig {
  readonly network: string;
  /** A node so many blocks behind the best one is asked only when no other answers. */
  readonly maxLag: number;
  /** How often every node is looked at, in milliseconds. */
  readonly surveyMs: number;
}

/** Nodes that have a block, by name; that have another one in its place; that do not say. */
export interface Voices {
  readonly same: readonly string[];
  readonly other: readonly string[];
  readonly silent: readonly string[];
}

/** What a node says became of a transaction, and the block that lies at that height for it. */
export interface Outcome {
  readonly node: string;
  readonly height: number;
  readonly hash: string;
  readonly succeeded: boolean;
}

export interface Nodes<C> {
  /**
   * The network as one node. Any call goes to the next node when one does not answer; throws what the first one threw
   * when none does.
   */
  readonly chain: C;
  readonly count: number;
  /**
   * At a start. Throws WrongChain when any node that answers is on another chain: the settings are wrong, or the node
   * is.
   */
  open(): Promise<void>;
  /** Asks every node which block lies at this height. Never throws. */
  voices(block: Pick<BlockHeader, 'height' | 'hash'>): Promise<Voices>;
  /** Names of the nodes that have the block, and in it this very transfer. Never throws. */
  witnesses(block: BlockHeader, transfer: Omit<ChainTransfer, 'from'>): Promise<string[]>;
  /**
   * The same question to every node, one's answer beside the others'; none of those that do not answer. Never throws.
   */
  each<T>(ask: (chain: C) => Promise<T>): Promise<{ readonly node: string; readonly answer: T }[]>;
  /** Of every node that knows what became of the transaction; none of those that do not answer. Never throws. */
  outcomes(txid: string): Promise<Outcome[]>;
  states(): NodeState[];
}

/** A node is asked again which chain it is on after this, and after it did not answer. */
const VERIFY_EVERY_MS = 60_000;

/**
 * A node that is asked something small (its head, a header, which chain it is on) and does not answer so long is left
 * aside for now.
 */
export const SMALL_ANSWER_MS = 3000;

/**
 * What the work gives, or a rejection when it takes longer; the work itself may still end. Never for what moves money.
 */
async function within<T>(ms: number, node: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${node} does not answer`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

interface Known<C> extends Node<C> {
  verifiedAt: number | undefined;
  head: number | undefined;
  behind: boolean;
  fault: unknown;
}

/** `http://user:password@host:port/key` is shown as `host:port`. */
export const nodeName = (url: string): string => new URL(url).host;

/** A refusal is an answer: another node would say the same. */
const isAnswer = (error: unknown): boolean => error instanceof TransferRefused;

/** `nodes`: at least one, the preferred one first. */
export function createNodes<C extends Asked>(
  nodes: readonly [Node<C>, ...Node<C>[]],
  { network, maxLag, surveyMs }: NodesConfig,
  { clock, logger }: { clock: Clock; logger: Logger },
): Nodes<C> {
  const all = nodes.map((node): Known<C> => ({
    ...node,
    verifiedAt: undefined,
    head: undefined,
    behind: false,
    fault: undefined,
  }));
  const [first] = nodes;
  let used: string | undefined;
  let surveyedAt: number | undefined;
  let surveying: Promise<void> | undefined;
  /** Of the node that was asked first: all of one network began with the same block. */
  let genesis: string | undefined;

  const failed = (node: Known<C>, error: unknown): void => {
    if (node.fault === undefined && all.length > 1)
      logger.warn(
        { event: 'node.set_aside', network, node: node.name, error: reasonOf(error) },
        'a node is not asked for now',
      );
    node.fault = error;
    node.verifiedAt = undefined;
  };
  /** Where there is another one to ask, one that hangs is not waited for as long as a library waits. */
  const small = <T>(node: Known<C>, work: Promise<T>): Promise<T> =>
    all.length > 1 ? within(SMALL_ANSWER_MS, node.name, work) : work;
  const verify = async (node: Known<C>): Promise<void> => {
    if (node.verifiedAt !== undefined && clock.now() - node.verifiedAt <= VERIFY_EVERY_MS) return;
    await small(node, node.chain.check());
    if (all.length > 1) {
      const { hash } = await small(node, node.chain.header(0));
      genesis ??= hash;
      if (hash !== genesis)
        throw new WrongChain(
          `${network}: the chain of ${node.name} began with block ${hash}, that of another node with ${genesis}`,
        );
    }
    node.verifiedAt = clock.now();
  };
  const rank = (node: Known<C>): number => (node.fault !== undefined ? 2 : node.behind ? 1 : 0);
  const ask = async <T>(use: (chain: C) => Promise<T>, isSmall = false): Promise<T> => {
    const faults: unknown[] = [];
    for (const node of all.toSorted((a, b) => rank(a) - rank(b))) {
      try {
        await verify(node);
        const answer = await (isSmall ? small(node, use(node.chain)) : use(node.chain));
        if (all.length === 1) node.fault = undefined;
        used = node.name;
        return answer;
      } catch (error) {
        if (isAnswer(error)) throw error;
        failed(node, error);
        faults.push(error);
      }
    }
    // Only when every node is on another chain is there nothing to wait for.
    throw faults.find((fault) => !(fault instanceof WrongChain)) ?? faults[0];
  };

  const look = async (node: Known<C>): Promise<void> => {
    try {
      await verify(node);
      const head = await small(node, node.chain.head());
      // A height is a claim; the block is there.
      await small(node, node.chain.header(head));
      [node.head, node.fault] = [head, undefined];
    } catch (error) {
      failed(node, error);
    }
  };
  const survey = async (): Promise<void> => {
    await Promise.all(all.map(look));
    const best = all.reduce((most, { fault, head = 0 }) => (fault === undefined && head > most ? head : most), 0);
    for (const node of all) node.behind = node.fault === undefined && best - (node.head ?? 0) > maxLag;
    surveyedAt = clock.now();
    surveying = undefined;
  };
  /** Never waited for: one node that hangs must not hold up the others. */
  const surveySometimes = (): void => {
    if (all.length === 1 || surveying || (surveyedAt !== undefined && clock.now() - surveyedAt < surveyMs)) return;
    surveying = survey();
  };
  const head = async (): Promise<number> => {
    surveySometimes();
    return ask(async (chain) => chain.head(), true);
  };

  return {
    chain: throughAll(first.chain, ask, {
      head,
      broadcast: (raw) => broadcast(all, ask, raw),
      close: () => all.forEach(({ chain }) => chain.close?.()),
    }),
    count: all.length,
    open: async () => {
      const wrong = (
        await Promise.all(
          all.map((node) =>
            verify(node).then(
              () => undefined,
              (error: unknown) => (failed(node, error), error),
            ),
          ),
        )
      ).find((error) => error instanceof WrongChain);
      if (wrong) throw wrong;
      await ask(async (chain) => chain.head(), true);
    },
    voices: (block) => voicesOf(all, verify, block),
    witnesses: async (block, transfer) => {
      if (transfer.position.startsWith('delta:')) return sameBalance(all, verify, block, transfer.to);
      const seen = await Promise.all(
        all.map(async (node) =>
          (await verify(node)
            .then(() => sees(node.chain, block, transfer))
            .catch(() => false))
            ? [node.name]
            : [],
        ),
      );
      return seen.flat();
    },
    each: (asked) => each(all, verify, asked),
    outcomes: async (txid) =>
      (await each(all, verify, (chain) => outcomeOf(chain, txid))).flatMap(({ node, answer }) =>
        answer ? [{ node, ...answer }] : [],
      ),
    states: () =>
      all.map((node) => ({
        node: node.name,
        state: stateOf(node, used),
        head: node.head ?? null,
        fault: node.fault === undefined ? null : reasonOf(node.fault),
      })),
  };
}

function stateOf({ name, fault, behind }: Known<unknown>, used: string | undefined): NodeState['state'] {
  if (fault !== undefined) return fault instanceof WrongChain ? 'other-chain' : 'silent';
  if (behind) return 'behind';
  return name === used ? 'used' : 'ready';
}

/** Every method of the first node, asked of whichever answers. */
function throughAll<C extends Asked>(
  first: C,
  ask: <T>(use: (chain: C) => Promise<T>) => Promise<T>,
  own: Pick<Chain, 'head' | 'broadcast' | 'close'>,
): C {
  const asked = Object.keys(first).map((name) => {
    const method = name as keyof C;
    return [
      name,
      (...given: unknown[]) => ask((chain) => (chain[method] as (...values: unknown[]) => Promise<unknown>)(...given)),
    ] as const;
  });
  // Whatever node is asked has been checked: who asks for a check wants to know that there is one.
  const check = (): Promise<void> => ask(async () => undefined);
  return { ...first, ...(Object.fromEntries(asked) as unknown as C), ...own, check, address: first.address };
}

/** To every node that is well: one that keeps a transaction to itself does not hold it up. */
async function broadcast<C extends Asked>(
  all: readonly Known<C>[],
  ask: <T>(use: (chain: C) => Promise<T>) => Promise<T>,
  raw: string,
): Promise<Broadcast> {
  const well = all.filter(({ fault }) => fault === undefined);
  const answers = await Promise.allSettled(well.map(({ chain }) => chain.broadcast(raw)));
  const said = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  return said.find(({ taken }) => taken) ?? said[0] ?? ask((chain) => chain.broadcast(raw));
}

async function voicesOf<C extends Asked>(
  all: readonly Known<C>[],
  verify: (node: Known<C>) => Promise<void>,
  { height, hash }: Pick<BlockHeader, 'height' | 'hash'>,
): Promise<Voices> {
  const said = await each(all, verify, async (chain) => (await chain.header(height)).hash);
  const heard = new Set(said.map(({ node }) => node));
  const names = (isSame: boolean): string[] =>
    said.flatMap(({ node, answer }) => ((answer === hash) === isSame ? [node] : []));
  return { same: names(true), other: names(false), silent: all.flatMap(({ name }) => (heard.has(name) ? [] : [name])) };
}

/** Slow nodes are waited for: one that contradicts must not be silenced by a hurry. */
async function each<C extends Asked, T>(
  all: readonly Known<C>[],
  verify: (node: Known<C>) => Promise<void>,
  ask: (chain: C) => Promise<T>,
): Promise<{ node: string; answer: T }[]> {
  const said = await Promise.allSettled(
    all.map(async (node) => verify(node).then(async () => ({ node: node.name, answer: await ask(node.chain) }))),
  );
  return said.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

async function outcomeOf(chain: Asked, txid: string): Promise<Omit<Outcome, 'node'> | undefined> {
  const receipt = await chain.receipt?.(txid);
  return (
    receipt && { height: receipt.height, hash: (await chain.header(receipt.height)).hash, succeeded: receipt.succeeded }
  );
}

/** Names of the nodes that say of an address what the first one says that answers. */
async function sameBalance<C extends Asked>(
  all: readonly Known<C>[],
  verify: (node: Known<C>) => Promise<void>,
  { hash }: BlockHeader,
  address: string,
): Promise<string[]> {
  const said = await Promise.all(
    all
      .map(async (node) => {
        await verify(node);
        return { node: node.name, balance: (await node.chain.nativeBalances?.([address], hash))?.[0] };
      })
      .map((answer) => answer.catch(() => ({ node: '', balance: undefined }))),
  );
  const first = said.find(({ balance }) => balance !== undefined)?.balance;
  return said.flatMap(({ node, balance }) => (balance !== undefined && balance === first ? [node] : []));
}

/** Does this node list the transfer in the block, to the unit? */
async function sees(
  chain: Asked,
  block: BlockHeader,
  { txid, position, asset, to, amount }: Omit<ChainTransfer, 'from'>,
): Promise<boolean> {
  if ((await chain.header(block.height)).hash !== block.hash) return false;
  const found = await chain.transfers(block, (address) => address.toLowerCase() === to.toLowerCase());
  return found.some(
    (one) => one.txid === txid && one.position === position && one.asset === asset && one.amount === amount,
  );
}
