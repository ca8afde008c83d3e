/** How a node is reached. Its address may carry a password or a key, and so may its headers: neither is ever shown. */

/** By host, with its port where one is named: what is sent with each call to it. Secret. */
export type NodeHeaders = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface NodeAddress {
  /** Without user and password; no slash at its end. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The parts of an address of the settings: user and password go as a header, never in an address that an error could
 * name.
 */
export function nodeAddress(rpcUrl: string, known: NodeHeaders = {}): NodeAddress {
  const { username, password, origin, pathname, search, host } = new URL(rpcUrl);
  const authorization = `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`;
  const headers = { ...(username !== '' || password !== '' ? { authorization } : {}), ...known[host] };
  return { url: `${origin}${pathname.replace(/\/$/, '')}${search}`, headers };
}

/**
 * What a library says of a failed call, without the address that was asked: only its short words and the node's own
 * are kept.
 */
export function withoutAddress(error: unknown): unknown {
  const {
    shortMessage,
    code,
    info,
    error: inner,
  } = (error ?? {}) as {
    shortMessage?: string;
    code?: string;
    info?: { error?: { message?: string } };
    error?: { message?: string };
  };
  if (shortMessage === undefined) return error;
  const said = info?.error?.message ?? inner?.message;
  return Object.assign(new Error(said === undefined ? shortMessage : `${shortMessage}: ${said}`), {
    shortMessage,
    ...(code !== undefined && { code }),
  });
}
