import { formatAmount } from '../../../domain/money/amount';
import { addressOf } from './addresses';
import { transfersIn } from './transfers';
import type { InternalTransaction, TronInfo, TronLog, TronTransaction } from './transfers';

const hex = (byte: string): string => `41${byte.repeat(20)}`;
const [USER, OTHER, USDT, CONTRACT] = [hex('aa'), hex('bb'), hex('cc'), hex('dd')] as [string, string, string, string];
const TRANSFER = 'ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
const listed = { nativeAsset: 'TRX', tokens: new Map([[addressOf(USDT), { asset: 'USDT', decimals: 6 }]]) };

const coin = (over: { type?: string; amount?: unknown; to?: string; contractRet?: string } = {}): TronTransaction => ({
  txID: 't1',
  ret: [{ contractRet: over.contractRet ?? 'SUCCESS' }],
  raw_data: {
    contract: [
      {
        type: over.type ?? 'TransferContract',
        parameter: { value: { owner_address: OTHER, to_address: over.to ?? USER, amount: over.amount ?? 1_500_000 } },
      },
    ],
  },
});
const call = coin({ type: 'TriggerSmartContract' });
const info = (over: Partial<TronInfo> = {}): TronInfo => ({ id: 't1', blockNumber: 7, ...over });
const word = (address: string): string => address.slice(2).padStart(64, '0');
const log = (over: Partial<TronLog> = {}, units = 1_000_000n): TronLog => ({
  address: USDT.slice(2),
  topics: [TRANSFER, word(OTHER), word(USER)],
  data: units.toString(16).padStart(64, '0'),
  ...over,
});
const pays = (
  from: string,
  to: string,
  callValue?: unknown,
  over: Partial<InternalTransaction> = {},
): InternalTransaction => ({
  caller_address: from,
  transferTo_address: to,
  callValueInfo: [callValue === undefined ? {} : { callValue }],
  ...over,
});
const seen = (transaction: TronTransaction, about: TronInfo): string[] =>
  transfersIn([transaction], [about], listed, (address) => address === addressOf(USER)).map(
    ({ position, amount, asset }) => `${position} ${formatAmount(amount)} ${asset}`,
  );

test('TRX by the fields of a transfer that says SUCCESS in all its places, to the last sun', () => {
  expect(seen(coin(), info())).toEqual(['native 1.5 TRX']);
  expect(seen(coin({ amount: 9_007_199_254_740_993n }), info())).toEqual(['native 9007199254.740993 TRX']);
  expect(seen(coin({ contractRet: 'FAILED' }), info())).toEqual([]);
  expect(seen({ ...coin(), ret: [] }, info())).toEqual([]);
  expect(seen(coin(), info({ result: 'FAILED' }))).toEqual([]);
  expect(seen(coin(), info({ receipt: { result: 'OUT_OF_TIME' } }))).toEqual([]);
  expect(seen(coin({ amount: 0 }), info())).toEqual([]);
  expect(seen(coin({ to: OTHER }), info())).toEqual([]);
});

test('a TRC-10 token is no TRX, and neither is a transaction of several contracts', () => {
  expect(seen(coin({ type: 'TransferAssetContract' }), info())).toEqual([]);
  const [contract] = coin().raw_data.contract;
  expect(contract && seen({ ...coin(), raw_data: { contract: [contract, contract] } }, info())).toEqual([]);
});

test('tokens: several logs of one transaction count each, by their ordinal in it; nothing of one that failed', () => {
  const about = { log: [log({ address: OTHER.slice(2) }), log(), log({}, 5n)], receipt: { result: 'SUCCESS' } };
  expect(seen(call, info(about))).toEqual(['log:1 1 USDT', 'log:2 0.000005 USDT']);
  expect(seen(coin({ type: 'TriggerSmartContract', contractRet: 'REVERT' }), info(about))).toEqual([]);
});

test('not deposits: another contract, an NFT, zero, odd data, other events, coins that leave', () => {
  const fakes = [
    log({ address: OTHER.slice(2) }),
    log({ topics: [TRANSFER, word(OTHER), word(USER), word(OTHER)], data: '' }),
    log({}, 0n),
    log({ data: '' }),
    log({ data: '01' }),
    log({ topics: ['00'.repeat(32), word(OTHER), word(USER)] }),
    log({ topics: [TRANSFER, word(USER), word(OTHER)] }),
    { address: USDT.slice(2) },
  ];
  expect(seen(call, info({ log: fakes }))).toEqual([]);
});

test('calls inside contracts: TRX that was not undone; a TRC-10 inside a call is none', () => {
  expect(
    seen(
      call,
      info({
        internal_transactions: [pays(OTHER, CONTRACT, 9), pays(CONTRACT, USER, 2_000_000), pays(CONTRACT, USER, 1)],
      }),
    ),
  ).toEqual(['internal:1 2 TRX', 'internal:2 0.000001 TRX']);
  const token = { callValueInfo: [{ callValue: 5_000_000, tokenId: '1000001' }] };
  expect(seen(call, info({ internal_transactions: [pays(CONTRACT, USER, 0, token)] }))).toEqual([]);
  expect(seen(call, info({ internal_transactions: [pays(CONTRACT, USER, 2_000_000, { rejected: true })] }))).toEqual(
    [],
  );
});

test('what an undone call called is undone, though it bears no mark itself', () => {
  const deeper = hex('ee');
  const calls = [
    pays(OTHER, CONTRACT, 7, { rejected: true }),
    pays(CONTRACT, deeper, 7),
    pays(deeper, USER, 7_000_000),
    pays(OTHER, USER, 3_000_000),
  ];
  expect(seen(call, info({ internal_transactions: calls }))).toEqual(['internal:3 3 TRX']);
});

test('a block that was not read whole is no block without deposits', () => {
  expect(() => transfersIn([coin()], [], listed, () => true)).toThrow('no receipt');
});
