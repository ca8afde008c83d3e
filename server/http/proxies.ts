import { BlockList, isIP } from 'node:net';
import type { IncomingMessage } from 'node:http';

/** Where a proxy on this machine calls from. */
export const THIS_MACHINE: readonly string[] = ['127.0.0.0/8', '::1/128'];

/** `::ffff:203.0.113.7` as the IPv4 address that it is. */
const plainAddress = (address: string): string =>
  /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address;

/**
 * Is this the address of a proxy whose X-Forwarded headers are believed? `networks`: addresses and CIDR blocks. Throws
 * on one that is neither.
 */
export function trustedNetworks(networks: readonly string[]): (address: string | undefined) => boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [base = '', bits] = network.trim().split('/');
    const family = isIP(base);
    const most = family === 4 ? 32 : 128;
    const length = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    if (family === 0 || length < 0 || length > most)
      throw new Error(`${network} is no network: write 10.0.0.0/8 or 203.0.113.7`);
    list.addSubnet(base, length, family === 4 ? 'ipv4' : 'ipv6');
  }
  return (address) => {
    const plain = plainAddress(address ?? '');
    const family = isIP(plain);
    return family !== 0 && list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  };
}

/** Did the client speak https, by the word of a proxy that is believed? */
export const spokeHttps = (
  req: Pick<IncomingMessage, 'headers' | 'socket'>,
  isProxy: (address: string | undefined) => boolean,
): boolean =>
  isProxy(req.socket.remoteAddress) && String(req.headers['x-forwarded-proto']).split(',')[0]?.trim() === 'https';
