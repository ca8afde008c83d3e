/** Where a request came from, as far as it is kept: never a whole address. */
import type { IncomingMessage } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';

export interface Caller {
  readonly address: string | null;
  readonly agent: string | null;
}

const AGENT_CHARACTERS = 200;

/** `ip`: the address as Express has found it behind trusted proxies; without, that of the socket. */
export function callerOf(
  req: Pick<IncomingMessage, 'headers' | 'socket'> & { readonly ip?: string | undefined },
): Caller {
  const agent = req.headers['user-agent'];
  return {
    address: networkOf(req.ip ?? req.socket.remoteAddress),
    agent: agent === undefined ? null : visibleAscii(agent).slice(0, AGENT_CHARACTERS),
  };
}

/**
 * Of IPv4 the first three numbers, of IPv6 the first 48 bits: enough to recognize a place, too little to follow a
 * person.
 */
export function networkOf(ip: string | undefined): string | null {
  const plain = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(ip ?? '')?.[1];
  if (plain !== undefined && isIPv4(plain)) return `${plain.split('.').slice(0, 3).join('.')}.0/24`;
  if (ip === undefined || !isIPv6(ip)) return null;
  const [before = '', after] = (ip.split('%')[0] ?? '').split('::');
  const head = before.split(':').filter(Boolean);
  const tail = (after ?? '').split(':').filter(Boolean);
  const groups =
    after === undefined
      ? head
      : [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => '0'), ...tail];
  return `${groups
    .slice(0, 3)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':')}::/48`;
}

const visibleAscii = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?');
