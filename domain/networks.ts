/** What networks are, whichever node stands behind them: read by the listing, by the settings and by the signer. */

/** What a network of the Ethereum kind is, whichever chain stands behind it. */
export interface NetworkKind {
  readonly name: string;
  readonly gasAsset: string;
  /** Binance's word for it. */
  readonly venueNetwork: string;
  readonly usdtDecimals: number;
}

/** What differs from place to place in an otherwise equal listing, by our id of the network. */
export interface NetworkChoice {
  readonly chainId: number;
  /** Contract of the dollar token there; without it only the network's own coin is listed. */
  readonly usdt?: string;
  readonly confirmations: number;
  /** Of a network that is not among the known ones. */
  readonly kind?: NetworkKind;
}

export interface BitcoinChoice {
  readonly confirmations: number;
}

export interface TronChoice {
  /** Contract of the dollar token there; without it TRX alone is listed. */
  readonly usdt?: string;
}

export const KNOWN_NETWORKS: Readonly<Record<string, NetworkKind>> = {
  ethereum: { name: 'Ethereum', gasAsset: 'ETH', venueNetwork: 'ETH', usdtDecimals: 6 },
  bsc: { name: 'BNB Smart Chain', gasAsset: 'BNB', venueNetwork: 'BSC', usdtDecimals: 18 },
  polygon: { name: 'Polygon', gasAsset: 'POL', venueNetwork: 'MATIC', usdtDecimals: 6 },
};
