/** The FullNode HTTP API: what a node answers, question by question. */
import { id as keccak } from 'ethers';
import type { Block, TronChain } from './chain';
import { PRICES, Refused, int, shown } from './ledger';
import type { Account, Ledger, Permission } from './ledger';
import { DELAY_DAYS, TOTALS } from './stake';
import { hexOf, rawBytes, transactionFrom, transactionOf } from './wire';
import type { Json, Transaction } from './wire';

export interface Faults {
  /** Internal transactions are shown without their mark of rejection. */
  marksForgotten: boolean;
  /** What became of a transaction cannot be asked for by its id: an index that lags behind its blocks. */
  infosLate: boolean;
  /** Every call is refused: a node that is away. */
  away: boolean;
}

const text = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'bigint' ? String(value) : '';
const words = (message: string): string => Buffer.from(message).toString('hex');

/** Answers one question, or undefined when there is no such one. `solid`: asked of /walletsolidity. */
export async function answer(
  chain: TronChain,
  faults: Faults,
  solid: boolean,
  name: string,
  asked: Json,
): Promise<unknown> {
  const top = solid ? chain.solidHeight : chain.tip.number;
  const ledger = solid ? chain.solid : chain.head;
  const at = (number: unknown): Block | undefined =>
    /^\d+$/.test(text(number)) && Number(text(number)) <= top ? chain.blocks[Number(text(number))] : undefined;
  const named = (id: unknown): Block | undefined => chain.blocks.slice(0, top + 1).findLast((block) => block.id === id);
  const mined = (id: unknown) => {
    const found = chain.byId.get(text(id));
    return found && found.block.number <= top ? found : undefined;
  };
  const infosOf = (block: Block): Json[] => block.done.map(({ info }) => asShown(info, faults));
  const questions: Record<string, () => unknown> = {
    getnowblock: () => chain.show(chain.blocks[top] as Block),
    getblock: () => {
      const wanted = text(asked.id_or_num);
      const block = wanted === '' ? chain.blocks[top] : (at(wanted) ?? named(wanted));
      return block ? chain.show(block, asked.detail === true || asked.detail === 'true') : {};
    },
    getblockbynum: () => ((block) => (block ? chain.show(block) : {}))(at(asked.num)),
    getblockbyid: () => ((block) => (block ? chain.show(block) : {}))(named(asked.value)),
    getblockbylimitnext: () => {
      const [from, to] = [Number(text(asked.startNum)), Number(text(asked.endNum))];
      const found = to - from > 100 ? [] : chain.blocks.slice(from, Math.min(to, top + 1));
      return found.length > 0 ? { block: found.map((block) => chain.show(block)) } : {};
    },
    gettransactionbyid: () => {
      const found = mined(asked.value);
      const done = found?.block.done[found.at];
      if (done) return { ret: [{ contractRet: done.ret }], ...done.transaction };
      return (!solid && chain.pending.find(({ transaction }) => transaction.txID === asked.value)?.transaction) || {};
    },
    gettransactioninfobyid: () =>
      ((found) => (found && !faults.infosLate ? infosOf(found.block)[found.at] : {}))(mined(asked.value)),
    gettransactioninfobyblocknum: () => {
      const block = at(asked.num);
      return block && block.number > 0 ? infosOf(block) : block ? {} : [];
    },
    getaccount: async () => {
      const account = ledger.accounts.get(hexOf(text(asked.address)));
      return account ? showAccount(account, await ledger.machine.balance(account.address)) : {};
    },
    getaccountresource: () =>
      ((account) => (account ? resources(ledger, account, chain.tip.at) : {}))(
        ledger.accounts.get(hexOf(text(asked.address))),
      ),
    getaccountnet: () =>
      ((account) => (account ? bandwidths(ledger, account, chain.tip.at) : {}))(
        ledger.accounts.get(hexOf(text(asked.address))),
      ),
    getdelegatedresourcev2: () => lentTo(ledger, asked),
    getcandelegatedmaxsize: () => {
      const [account, type] = [
        ledger.accounts.get(hexOf(text(asked.owner_address))),
        text(asked.type) === '1' ? 'ENERGY' : 'BANDWIDTH',
      ] as const;
      return shown({ max_size: account && ledger.stakes.lendable(account, type, chain.tip.at) });
    },
    getcanwithdrawunfreezeamount: () => {
      const account = ledger.accounts.get(hexOf(text(asked.owner_address)));
      return shown({
        amount: account && ledger.stakes.withdrawable(account, Number(text(asked.timestamp) || chain.tip.at)),
      });
    },
    getcontract: () =>
      ((address) => (ledger.energies.has(address) ? { contract_address: address, abi: {} } : {}))(
        hexOf(text(asked.value)),
      ),
    triggerconstantcontract: () => constant(ledger, asked),
    estimateenergy: async () => {
      const { energy_used: energy, ...rest } = await constant(ledger, asked);
      return { result: rest.result, ...(energy !== undefined && { energy_required: energy }) };
    },
  };
  const own: Record<string, () => unknown> = {
    broadcasttransaction: () =>
      broadcast(chain, () =>
        transactionOf(rawBytes(asked.raw_data as Json), (asked.signature as string[] | undefined) ?? []),
      ),
    broadcasthex: () => broadcast(chain, () => transactionFrom(Buffer.from(text(asked.transaction), 'hex'))),
    createtransaction: () =>
      build(chain, 'TransferContract', {
        owner_address: hexOf(text(asked.owner_address)),
        to_address: hexOf(text(asked.to_address)),
        amount: int(asked.amount),
      }),
    triggersmartcontract: () => trigger(chain, asked),
    getchainparameters: () => ({ chainParameter: Object.entries(PARAMETERS).map(([key, value]) => ({ key, value })) }),
    getnodeinfo: () => ({ configNodeInfo: { codeVersion: 'javizen-emulator' } }),
    validateaddress: () => isAddress(text(asked.address)),
  };
  return (questions[name] ?? (solid ? undefined : own[name]))?.();
}

const PARAMETERS = {
  getTransactionFee: PRICES.bandwidth,
  getEnergyFee: PRICES.energy,
  getCreateAccountFee: PRICES.accountBandwidth,
  getCreateNewAccountFeeInSystemContract: PRICES.account,
  getFreeNetLimit: PRICES.free,
  getMaxFeeLimit: PRICES.mostFeeLimit,
  getUpdateAccountPermissionFee: PRICES.permission,
  getMultiSignFee: 1_000_000n,
  getUnfreezeDelayDays: DELAY_DAYS,
};

function asShown(info: Json, { marksForgotten }: Faults): Json {
  const inner = info.internal_transactions as Json[] | undefined;
  return inner && marksForgotten
    ? { ...info, internal_transactions: inner.map(({ rejected: _rejected, ...rest }) => rest) }
    : info;
}

const showPermission = (type: string, { id, name, threshold, operations, keys }: Permission): Json =>
  shown({ type, id, permission_name: name, threshold, operations, keys });

function showAccount(account: Account, balance: bigint): Json {
  const { address, contract, created, owner, actives, assets, stake } = account;
  const { type: _owner, ...ownerShown } = showPermission('Owner', owner);
  return shown({
    address,
    balance,
    type: contract ? 'Contract' : undefined,
    create_time: BigInt(created),
    owner_permission: ownerShown,
    active_permission: actives.map((one) => showPermission('Active', one)),
    assetV2: [...assets].map(([key, value]) => ({ key: Buffer.from(key, 'hex').toString(), value })),
    // A kind of stake is named even where there is none of it; the first kind has no name.
    frozenV2: [
      shown({ amount: stake.frozen.BANDWIDTH }),
      { type: 'ENERGY', ...shown({ amount: stake.frozen.ENERGY }) },
      { type: 'TRON_POWER', ...shown({ amount: stake.frozen.TRON_POWER }) },
    ],
    unfrozenV2: stake.unfreezing.map(({ resource, amount, until }) => ({
      ...(resource !== 'BANDWIDTH' && { type: resource }),
      unfreeze_amount: amount,
      unfreeze_expire_time: until,
    })),
    delegated_frozenV2_balance_for_bandwidth: stake.lent.BANDWIDTH,
    acquired_delegated_frozenV2_balance_for_bandwidth: stake.acquired.BANDWIDTH,
    account_resource: shown({
      energy_usage: stake.used.ENERGY.amount,
      latest_consume_time_for_energy: BigInt(stake.used.ENERGY.at),
      delegated_frozenV2_balance_for_energy: stake.lent.ENERGY,
      acquired_delegated_frozenV2_balance_for_energy: stake.acquired.ENERGY,
    }),
  });
}

const bandwidths = (ledger: Ledger, account: Account, at: number): Json =>
  shown({
    freeNetUsed: ledger.freeUsed(account, at),
    freeNetLimit: PRICES.free,
    NetUsed: ledger.stakes.used(account, 'BANDWIDTH', at),
    NetLimit: ledger.stakes.limit(account, 'BANDWIDTH'),
    TotalNetLimit: TOTALS.BANDWIDTH.limit,
    TotalNetWeight: ledger.stakes.weight('BANDWIDTH'),
  });

const resources = (ledger: Ledger, account: Account, at: number): Json => ({
  ...bandwidths(ledger, account, at),
  ...shown({
    EnergyUsed: ledger.stakes.used(account, 'ENERGY', at),
    EnergyLimit: ledger.stakes.limit(account, 'ENERGY'),
    TotalEnergyLimit: TOTALS.ENERGY.limit,
    TotalEnergyWeight: ledger.stakes.weight('ENERGY'),
  }),
});

function lentTo(ledger: Ledger, asked: Json): Json {
  const [from, to] = [hexOf(text(asked.fromAddress)), hexOf(text(asked.toAddress))];
  const lent = ledger.stakes.lentTo(from, to);
  if (!lent) return {};
  const rows = [
    { bandwidth: lent.free.BANDWIDTH, energy: lent.free.ENERGY, bandwidthUntil: 0n, energyUntil: 0n },
    {
      bandwidth: lent.locked.BANDWIDTH.amount,
      energy: lent.locked.ENERGY.amount,
      bandwidthUntil: lent.locked.BANDWIDTH.until,
      energyUntil: lent.locked.ENERGY.until,
    },
  ].filter(({ bandwidth, energy }) => bandwidth > 0n || energy > 0n);
  return {
    delegatedResource: rows.map(({ bandwidth, energy, bandwidthUntil, energyUntil }) =>
      shown({
        from,
        to,
        frozen_balance_for_bandwidth: bandwidth,
        frozen_balance_for_energy: energy,
        expire_time_for_bandwidth: bandwidthUntil,
        expire_time_for_energy: energyUntil,
      }),
    ),
  };
}

/** A call's data: given whole, or as the name of a function and its encoded parameters. */
const dataOf = (asked: Json): string =>
  text(asked.data) || keccak(text(asked.function_selector)).slice(2, 10) + text(asked.parameter);

async function constant(ledger: Ledger, asked: Json): Promise<Json> {
  const to = hexOf(text(asked.contract_address));
  if (!ledger.energies.has(to))
    return {
      result: {
        code: 'CONTRACT_VALIDATE_ERROR',
        message: words('Contract validate error : Smart contract is not exist.'),
      },
    };
  const { error, output, energy } = await ledger.constant(
    hexOf(text(asked.owner_address)),
    to,
    dataOf(asked),
    int(asked.call_value),
  );
  const failed = error === undefined ? {} : { message: words(error === 'revert' ? 'REVERT opcode executed' : error) };
  return {
    result: { result: true, ...failed },
    energy_used: energy,
    constant_result: [output],
    transaction: { ret: [error === undefined ? {} : { ret: 'FAILED' }] },
  };
}

function trigger(chain: TronChain, asked: Json): Json {
  const [owner, to] = [hexOf(text(asked.owner_address)), hexOf(text(asked.contract_address))];
  if (!chain.head.energies.has(to))
    return { result: { code: 'CONTRACT_VALIDATE_ERROR', message: words('No contract or not a valid smart contract') } };
  const value = { owner_address: owner, contract_address: to, call_value: int(asked.call_value), data: dataOf(asked) };
  return { result: { result: true }, transaction: build(chain, 'TriggerSmartContract', value, int(asked.fee_limit)) };
}

/** Unsigned, as the node's own builders make it: good for a minute. */
function build(chain: TronChain, type: string, value: Json, fee_limit = 0n): Json {
  const { tip } = chain;
  const raw = {
    contract: [{ type, parameter: { value } }],
    ref_block_bytes: (tip.number & 0xffff).toString(16).padStart(4, '0'),
    ref_block_hash: tip.id.slice(16, 32),
    expiration: BigInt(tip.at) + 60_000n,
    timestamp: BigInt(tip.at),
    fee_limit,
  };
  const { signature: _none, ...transaction } = transactionOf(rawBytes(raw), []);
  return { visible: false, ...transaction };
}

async function broadcast(chain: TronChain, read: () => Transaction): Promise<Json> {
  let txid = '';
  try {
    const transaction = read();
    txid = transaction.txID;
    await chain.broadcast(transaction);
    return { result: true, txid };
  } catch (error) {
    if (error instanceof Refused) return { code: error.code, txid, message: words(error.message) };
    return { code: 'OTHER_ERROR', txid, message: words(error instanceof Error ? error.message : String(error)) };
  }
}

function isAddress(address: string): Json {
  try {
    hexOf(address);
    return { result: true, message: 'Base58check format' };
  } catch {
    return { result: false, message: 'Invalid address' };
  }
}
