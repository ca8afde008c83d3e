import { getAddress, isAddress } from 'ethers';
import { openLog } from './append-log';

export interface Pins {
  /** Is this the venue's address, as it was pinned? */
  allows(name: string, address: string): boolean;
  close(): void;
}

/** Addresses by `<network>/<asset>`. `first-seen`: the first one asked for is taken, where nothing real can be lost. */
export type VenueAddresses = Readonly<Record<string, string>> | 'first-seen';

/** The venue's deposit address per asset: what was named or written down, and no other is ever paid. */
export function openPins(file: string, named: VenueAddresses): Pins {
  const log = openLog(file);
  const pinned = new Map<string, string>(
    named === 'first-seen'
      ? []
      : Object.entries(named).map(([name, address]) => [name, isAddress(address) ? getAddress(address) : address]),
  );
  for (const line of log.lines) {
    const [name = '', address = ''] = line.split(' ');
    if (!pinned.has(name)) pinned.set(name, address);
  }
  return {
    allows: (name, address) => {
      const pin = pinned.get(name);
      if (pin !== undefined || named !== 'first-seen') return pin === address;
      log.append(`${name} ${address}`);
      pinned.set(name, address);
      return true;
    },
    close: log.close,
  };
}
