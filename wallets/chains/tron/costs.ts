/** What transactions of ours would cost now: bandwidth, energy, and the making of an account. */
import { fromChainUnits, toChainUnits } from '../../../domain/money/amount';
import type { Units } from '../../../domain/money/amount';
import { mulDivUp } from '../../../domain/money/rounding';
import type { Network, Rail } from '../../../domain/registry';
import { TransferRefused } from '../chain';
import type { Chain, GasQuote } from '../chain';
import { hexOf } from './addresses';
import type { Ask, ConstantCall, NodeAccount } from './asking';
import { countOf } from './json';
import { resourcesOf } from './stake';
import { SUN_DECIMALS } from './transfers';
import { transferData } from './wire';

/** Energy prices change by vote, seldom. */
const PRICES_FOR_MS = 60_000;
/** More than our two kinds of transaction have, with their result: 268 and 345 in life. */
const COIN_BYTES = 290n;
const TOKEN_BYTES = 370n;
const STAKE_BYTES = 310n;
/** Costs are said in whole hundredths of a TRX. */
const ROUND_SUN = 10_000n;
interface Prices {
  readonly energy: bigint;
  readonly bandwidth: bigint;
  readonly account: bigint;
}

type Transfer = Parameters<Chain['gas']>[0];

export interface OwnQuote extends GasQuote {
  readonly missing: bigint;
  readonly needed: Units;
}

export interface Costs {
  /** All of it, burnt. Throws TransferRefused. */
  readonly gas: Chain['gas'];
  /**
   * Only what would be burnt: what the sender has of its own energy, less `promised` (sun that its other transactions
   * may use of it), is counted first, and its bandwidth where nobody else spends from it (no `promised`). The fee
   * limit stays that of the whole: it caps what is staked and lent too. `missing`: units of energy. `needed`: what the
   * sender must have, which may be nothing; the cost is never.
   */
  readonly ownGas: (transfer: Transfer, promised?: bigint) => Promise<OwnQuote>;
  /** What staking, lending and the like may cost; `sun` is what is staked or lent by it. */
  readonly stakeCost: (sun: bigint) => Promise<GasQuote>;
  /** Units of energy that so much sun would buy. */
  readonly energyFor: (sun: bigint) => Promise<bigint>;
}

export function createCosts(ask: Ask, network: Network, railOf: (asset: string) => Rail): Costs {
  const prices = createPrices(ask, network.id);
  const quoteOf = (sun: bigint, feeLimit: bigint): GasQuote => {
    const maxCost = fromChainUnits(mulDivUp(sun, 1n, ROUND_SUN) * ROUND_SUN, SUN_DECIMALS);
    return { gasLimit: 1n, maxFeePerGas: maxCost, maxPriorityFeePerGas: feeLimit, maxCost };
  };
  const coinQuote = async (to: string): Promise<GasQuote> => {
    const { bandwidth, account } = await prices();
    const receiver = await ask<NodeAccount>('wallet/getaccount', { address: hexOf(to) });
    if (receiver.type === 'Contract') throw new TransferRefused(`${network.id}: TRX is not sent to a contract`);
    return quoteOf(COIN_BYTES * bandwidth + (receiver.address === undefined ? account : 0n), 0n);
  };
  /**
   * Sun: a fifth more than it would take now, for the receiver may have spent his last coin by then, and a contract in
   * demand takes more.
   */
  const energyCost = async ({ from, to, asset, amount }: Transfer, contract: string): Promise<bigint> => {
    // Half an amount may be finer than the token counts: what is asked here is only what it takes.
    const { decimals } = railOf(asset);
    const step = fromChainUnits(1n, decimals);
    const units = toChainUnits(amount - (amount % step), decimals);
    const asked = {
      owner_address: hexOf(from),
      contract_address: hexOf(contract),
      function_selector: 'transfer(address,uint256)',
      parameter: transferData(hexOf(to), units).slice(8),
    };
    return mulDivUp((await energyOf(ask, network.id, asked)) * (await prices()).energy, 6n, 5n);
  };
  return {
    gas: async (transfer) => {
      const { contract } = railOf(transfer.asset);
      if (!contract) return coinQuote(transfer.to);
      const feeLimit = await energyCost(transfer, contract);
      return quoteOf(feeLimit + TOKEN_BYTES * (await prices()).bandwidth, feeLimit);
    },
    ownGas: async (transfer, promised) => {
      const { contract } = railOf(transfer.asset);
      if (!contract)
        return ((quote) => ({ ...quote, missing: 0n, needed: quote.maxCost }))(await coinQuote(transfer.to));
      const [feeLimit, { energy, bandwidth }, has] = [
        await energyCost(transfer, contract),
        await prices(),
        await resourcesOf(ask, transfer.from),
      ];
      const own = has.energy * energy - (promised ?? 0n);
      const burnt = own <= 0n ? feeLimit : own < feeLimit ? feeLimit - own : 0n;
      const bytes = promised === undefined && has.bandwidth >= TOKEN_BYTES ? 0n : TOKEN_BYTES * bandwidth;
      const quote = quoteOf(burnt + bytes > 0n ? burnt + bytes : 1n, feeLimit);
      return { ...quote, missing: mulDivUp(burnt, 1n, energy), needed: burnt + bytes > 0n ? quote.maxCost : 0n };
    },
    energyFor: async (sun) => sun / (await prices()).energy,
    stakeCost: async (sun) => quoteOf(STAKE_BYTES * (await prices()).bandwidth, sun),
  };
}

/** They change by vote, seldom. */
function createPrices(ask: Ask, id: string): () => Promise<Prices> {
  let known: { prices: Prices; at: number } | undefined;
  return async () => {
    if (known && Date.now() - known.at < PRICES_FOR_MS) return known.prices;
    const { chainParameter } = await ask<{ chainParameter: { key: string; value?: unknown }[] }>(
      'wallet/getchainparameters',
    );
    const value = (key: string): bigint => countOf(chainParameter.find((row) => row.key === key)?.value);
    const read = {
      energy: value('getEnergyFee'),
      bandwidth: value('getTransactionFee'),
      account: value('getCreateAccountFee') + value('getCreateNewAccountFeeInSystemContract'),
    };
    if (read.energy <= 0n || read.bandwidth <= 0n) throw new Error(`${id}: the node does not say its prices`);
    known = { prices: read, at: Date.now() };
    return read;
  };
}

/** Throws TransferRefused when the call would fail. Nodes that do not estimate say what the call has used. */
async function energyOf(ask: Ask, id: string, asked: object): Promise<bigint> {
  const called = await ask<ConstantCall>('wallet/triggerconstantcontract', asked);
  const { result, transaction } = called;
  const message = Buffer.from(result?.message ?? '', 'hex').toString('utf8');
  if (result?.result !== true) throw new Error(`${id}: ${result?.code ?? 'no answer'}: ${message}`);
  if (message !== '' || transaction?.ret?.[0]?.ret === 'FAILED')
    throw new TransferRefused(`${id}: ${message || 'the call fails'}`);
  const estimated = await ask<ConstantCall>('wallet/estimateenergy', asked).catch(() => undefined);
  const [used, required] = [
    countOf(called.energy_used),
    estimated?.result?.result === true ? countOf(estimated.energy_required) : 0n,
  ];
  return required > used ? required : used;
}
