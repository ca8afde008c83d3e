import type { SignIntent, Signer } from '../../domain/contract/ports';
import type { Units } from '../../domain/money/amount';
import { formatAmount, fromChainUnits, parseAmount, toChainUnits } from '../../domain/money/amount';
import type { Rail } from '../../domain/registry';
import type { TronChain } from '../chains/tron';
import { hexOf, txidOf } from '../chains/tron/addresses';
import { SUN_DECIMALS } from '../chains/tron/transfers';
import { decodeSigned, encodeRaw } from '../chains/tron/wire';
import type { Payment } from '../chains/tron/wire';

export interface TronSigningDeps {
  readonly chain: Pick<TronChain, 'envelope'>;
  readonly signer: Signer;
  readonly rails: readonly Rail[];
  readonly hotAddress: string;
  readonly depositAddress: (index: number) => string;
}

/**
 * The signer as the house's transactions ask it. An intent's figures are those of its row: a token's priority fee is
 * the fee limit in sun, that of a stake is the stake. The envelope is of now; a signer that was asked before answers
 * with its first bytes, and these are checked to be the payment.
 */
export function tronSigning({
  chain,
  signer,
  rails,
  hotAddress,
  depositAddress,
}: TronSigningDeps): Pick<Signer, 'sign'> {
  const stakeOf = ({ purpose, to, maxPriorityFeePerGas }: SignIntent): Payment | undefined => {
    const [owner, sun] = [hexOf(hotAddress), BigInt(maxPriorityFeePerGas)];
    if (purpose === 'delegate' || purpose === 'undelegate') return { kind: purpose, from: owner, to: hexOf(to), sun };
    if (purpose === 'claim') return { kind: 'claim', from: owner };
    const [, kind, resource] = /^(stake|unstake)-(energy|bandwidth)$/.exec(purpose) ?? [];
    return kind === undefined
      ? undefined
      : {
          kind: kind as 'stake' | 'unstake',
          from: owner,
          resource: resource === 'energy' ? 'ENERGY' : 'BANDWIDTH',
          sun,
        };
  };
  const paymentOf = ({ asset, from, to, amount, maxPriorityFeePerGas }: SignIntent): Payment => {
    const rail = rails.find((candidate) => candidate.asset === asset);
    if (!rail) throw new Error(`${asset} is not listed`);
    const units: Units = toChainUnits(parseAmount(amount), rail.decimals);
    const [payer, receiver] = [hexOf(from === 'hot' ? hotAddress : depositAddress(from)), hexOf(to)];
    if (rail.contract === null) return { kind: 'coin', from: payer, to: receiver, sun: units };
    return {
      kind: 'token',
      from: payer,
      contract: hexOf(rail.contract),
      to: receiver,
      units,
      feeLimit: BigInt(maxPriorityFeePerGas),
    };
  };
  return {
    sign: async (intent) => {
      const { intentId, network, purpose, asset, from, to, toIndex, userId, confirmation } = intent;
      const stake = stakeOf(intent);
      const payment = stake ?? paymentOf(intent);
      const amount = stake
        ? formatAmount(fromChainUnits('sun' in stake ? stake.sun : 0n, SUN_DECIMALS))
        : intent.amount;
      const feeLimit = payment.kind === 'token' ? payment.feeLimit.toString() : '0';
      const answer = await signer.signTron({
        intentId,
        network,
        purpose,
        asset,
        from,
        to,
        ...(toIndex !== undefined && { toIndex }),
        amount,
        feeLimit,
        envelope: await chain.envelope(),
        ...(intent.approvals && { approvals: intent.approvals }),
        ...(userId !== undefined && { userId }),
        ...(confirmation && { confirmation }),
      });
      const { raw, envelope } = decodeSigned(answer.rawTransaction);
      if (!raw.equals(encodeRaw(payment, envelope)) || txidOf(raw) !== answer.txid)
        throw new Error('the signer signed something else');
      return answer;
    },
  };
}
