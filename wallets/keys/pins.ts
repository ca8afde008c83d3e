import { getAddress, isAddress } from 'ethers';
import { openLog } from './append-log';

export interface Pins {
  /** Is this the venue's address, as it was pinned? The first one seen is pinned. */
  allows(name: string, address: string): boolean;
  close(): void;
}

/** The venue's deposit address per asset: the configured or the first one is written down, and no other is ever paid. */
export function openPins(file: string, configured: Readonly<Record<string, string>>): Pins {
  const log = openLog(file);
  const pinned = new Map<string, string>(Object.entries(configured).map(([name, address]) => [name, isAddress(address) ? getAddress(address) : address]));
  for (const line of log.lines) {
    const [name = '', address = ''] = line.split(' ');
    if (!pinned.has(name)) pinned.set(name, address);
  }
  return {
    allows: (name, address) => {
      const pin = pinned.get(name);
      if (pin) return pin === address;
      log.append(`${name} ${address}`);
      pinned.set(name, address);
      return true;
    },
    close: log.close,
  };
}
