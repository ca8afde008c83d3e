/** The nodes of a network as one, for those who only read: one that is away makes nothing unreadable. */
import type { Network } from '../../domain/registry';
import { createNodes, nodeName } from './nodes';

const SURVEY_MS = 10_000;
/** A network that the settings name no node for: nobody answers there. */
const NOWHERE = 'http://127.0.0.1:9';
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** `rpcUrls`: the preferred node first. */
export function anyNode<C extends Parameters<typeof createNodes>[0][0]['chain']>(
  { id, confirmations }: Network,
  rpcUrls: readonly string[],
  open: (rpcUrl: string) => C,
): C {
  const [first = NOWHERE, ...others] = rpcUrls;
  const node = (rpcUrl: string): { name: string; chain: C } => ({ name: nodeName(rpcUrl), chain: open(rpcUrl) });
  return createNodes(
    [node(first), ...others.map(node)],
    { network: id, maxLag: confirmations, surveyMs: SURVEY_MS },
    { clock: { now: () => Date.now() }, logger: silent },
  ).chain;
}
