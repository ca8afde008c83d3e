/**
 * Where coins of ours lie outside the books, and who can say what lies there: each network and each venue answers for
 * its own places.
 */
import type { Units } from '../money/amount';

/**
 * Something that moved outside and is not booked yet, or is booked and has not moved: what lies there minus what is
 * booked.
 */
export interface CustodyItem {
  readonly id: string;
  readonly place: string;
  readonly asset: string;
  readonly amount: Units;
  readonly ageMs: number;
}

/** What lies in a place, by the place's own word. */
export interface CustodyBalance {
  /** `hot/<network>`, `deposit/<network>`, `cold/<network>`, `staked/<network>`, or a venue's name. */
  readonly place: string;
  readonly asset: string;
  /** Undefined: it could not be read. That is never taken for zero. */
  readonly actual: Units | undefined;
  readonly items: readonly CustodyItem[];
}

/** One address of ours, in the network's own spelling. */
export interface OwnAddress {
  readonly network: string;
  readonly address: string;
}

/** Reads the places of one network or of one venue. Holds no key and sends nothing. */
export interface CustodyReader {
  /**
   * Every place it answers for. Never rejects for a node that is away: what cannot be read is said so, place by place.
   */
  read(movements: OpenMovements): Promise<CustodyBalance[]>;
  /**
   * Hot and cold addresses at which coins of ours lie; users' deposit addresses are in the tables. Rejects while the
   * signer does not tell.
   */
  ownAddresses(): Promise<OwnAddress[]>;
  close(): void;
}

/** What our tables say is on its way between places, read in one go with the books. Amounts are decimal strings. */
export interface OpenMovements {
  readonly deposits: {
    id: string;
    network: string;
    asset: string;
    amount: string;
    blockHeight: number;
    state: string;
    createdAt: number;
  }[];
  readonly transactions: {
    id: string;
    network: string;
    purpose: string;
    fromAddress: string;
    toAddress: string;
    asset: string;
    amount: string;
    txid: string;
    /** Ids of bytes that were replaced, with commas; any of them may be mined instead. */
    former: string | null;
    state: string;
    createdAt: number;
  }[];
  readonly transfers: {
    id: string;
    network: string;
    direction: string;
    asset: string;
    amount: string;
    fee: string;
    txid: string | null;
    state: string;
    createdAt: number;
  }[];
  /** From cold storage, with a transaction that is known. */
  readonly cold: {
    id: string;
    network: string;
    asset: string;
    amount: string;
    fee: string;
    txid: string;
    createdAt: number;
  }[];
  readonly intents: {
    id: string;
    symbol: string;
    side: 'BUY' | 'SELL';
    quantity: string;
    limitPrice: string;
    timestamp: number;
    recvWindow: number;
    createdAt: number;
  }[];
  readonly addresses: { network: string; address: string }[];
}
