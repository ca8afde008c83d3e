import { SigningKey, getCreateAddress, id as keccak } from 'ethers';
import { addressOfKey, base58Of } from './wire';

/** Has all the TRX there is and owns the USDT; its key is in this file, for nothing here is of worth. */
export const FAUCET_KEY = new SigningKey(keccak('the faucet of a local TRON'));
export const FAUCET = addressOfKey(FAUCET_KEY.publicKey);
/** The USDT stand-in of every local TRON: made in its first block, so always at the same address. */
export const LOCAL_TETHER = base58Of(
  `41${getCreateAddress({ from: `0x${FAUCET.slice(2)}`, nonce: 0 })
    .slice(2)
    .toLowerCase()}`,
);
