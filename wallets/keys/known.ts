import { HDNodeWallet, hashMessage, recoverAddress } from 'ethers';
import type { Mnemonic } from 'ethers';
import { accountKeysOf, accountOf, hexOf } from '../chains/bitcoin/addresses';
import { DEPOSIT_PATH, HOT_PATH } from './signer';

/** What a seed is known by outside: no secret among it. Two that are equal are of one seed. */
export interface KnownBy {
  /** Names the seed: four bytes, as in a PSBT. */
  readonly fingerprint: string;
  readonly ethereumHot: string;
  readonly ethereumDeposit0: string;
  readonly bitcoinHot: string;
  readonly bitcoinDeposit0: string;
  /** Over one fixed text with the hot key, deterministic (RFC 6979); checked before it is given away. */
  readonly signature: string;
}

const TEXT = 'javizen: this key signs';

/** Derives it anew from the words. Bitcoin's addresses are those of its main network. */
export function knownBy(mnemonic: Mnemonic): KnownBy {
  const hot = HDNodeWallet.fromMnemonic(mnemonic, HOT_PATH);
  const deposits = HDNodeWallet.fromMnemonic(mnemonic, DEPOSIT_PATH);
  const bitcoin = accountKeysOf(Buffer.from(mnemonic.computeSeed().slice(2), 'hex'), 'mainnet');
  const account = accountOf(bitcoin.xpub, 'mainnet');
  const signature = hot.signingKey.sign(hashMessage(TEXT)).serialized;
  if (recoverAddress(hashMessage(TEXT), signature) !== hot.address) throw new Error('the signature is not of this key');
  return {
    fingerprint: hexOf(bitcoin.fingerprint),
    ethereumHot: hot.address,
    ethereumDeposit0: deposits.deriveChild(0).address,
    bitcoinHot: account.own(1, 0).address,
    bitcoinDeposit0: account.own(0, 0).address,
    signature,
  };
}
