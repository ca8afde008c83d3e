import { formatAmount } from '../../../domain/money/amount';
import { TRANSFER_TOPIC, transfersIn } from './transfers';
import type { BlockContent, RpcFrame, RpcLog } from './transfers';
import { canonicalAddress } from '.';

const USER = '0x00000000000000000000000000000000000000aa';
const OTHER = '0x00000000000000000000000000000000000000bb';
const USDT = '0x00000000000000000000000000000000000000cc';
const listed = { nativeAsset: 'ETH', tokens: new Map([[USDT, { asset: 'USDT', decimals: 6 }]]) };
const watched = (address: string): boolean => address === USER;

const word = (address: string): string => `0x${address.slice(2).padStart(64, '0')}`;
const log = (over: Partial<RpcLog> = {}, value = 1_000_000n): RpcLog => ({
  address: USDT,
  topics: [TRANSFER_TOPIC, word(OTHER), word(USER)],
  data: `0x${value.toString(16).padStart(64, '0')}`,
  ...over,
});
const block = (value: string, to: string, logs: RpcLog[] = [], trace?: RpcFrame, status = '0x1'): BlockContent => ({
  transactions: [{ hash: '0x01', from: OTHER, to, value }],
  receipts: [{ transactionHash: '0x01', blockHash: '0xb', status, logs }],
  ...(trace && { traces: new Map([['0x01', trace]]) }),
});
const seen = (content: BlockContent): string[] =>
  transfersIn(content, listed, watched).map(
    (transfer) => `${transfer.position} ${formatAmount(transfer.amount)} ${transfer.asset}`,
  );
const call = (over: Partial<RpcFrame>): RpcFrame => ({ type: 'CALL', from: OTHER, to: OTHER, value: '0x0', ...over });
const ETHER = '0xde0b6b3a7640000';

test('native coins by top-level value; nothing of a failed transaction or of zero', () => {
  expect(seen(block(ETHER, USER))).toEqual(['native 1 ETH']);
  expect(seen(block(ETHER, USER, [log()], undefined, '0x0'))).toEqual([]);
  expect(seen(block('0x0', USER))).toEqual([]);
  expect(seen(block(ETHER, OTHER))).toEqual([]);
});

test('E5 coins sent by contracts are seen in the trace, once, beside the top-level value', () => {
  const trace = call({
    to: USER,
    value: ETHER,
    calls: [
      call({ to: USER, value: '0x1' }),
      call({ calls: [call({ type: 'SELFDESTRUCT', to: USER, value: '0x2' })] }),
    ],
  });
  expect(seen(block(ETHER, USER, [], trace))).toEqual([
    'native 1 ETH',
    'trace:0 0.000000000000000001 ETH',
    'trace:1.0 0.000000000000000002 ETH',
  ]);
});

test('E6 a call whose caller was reverted moved nothing, though it shows no error itself', () => {
  const paid = call({ to: USER, value: ETHER });
  expect(
    seen(
      block(
        '0x0',
        OTHER,
        [],
        call({ calls: [call({ error: 'execution reverted', calls: [call({ calls: [paid] })] }), paid] }),
      ),
    ),
  ).toEqual(['trace:1 1 ETH']);
});

test('DELEGATECALL shows the value of its caller and moves nothing', () => {
  expect(
    seen(
      block(
        '0x0',
        OTHER,
        [],
        call({
          calls: [
            call({ type: 'DELEGATECALL', to: USER, value: ETHER }),
            call({ type: 'STATICCALL', to: USER, value: ETHER }),
          ],
        }),
      ),
    ),
  ).toEqual([]);
});

test('nested as deep as the chain allows, a position still fits its column and stays unique', () => {
  const leaf = call({ calls: [call({ to: USER, value: '0x1' }), call({ to: USER, value: '0x1' })] });
  let deep = leaf;
  for (let depth = 0; depth < 1000; depth++) deep = call({ calls: [deep] });
  const positions = transfersIn(block('0x0', OTHER, [], deep), listed, watched).map((transfer) => transfer.position);
  expect(new Set(positions).size).toBe(2);
  for (const position of positions) expect(position.length).toBeLessThanOrEqual(60);
});

test('E11 tokens: several logs of one transaction count each; the ordinal is the one inside the receipt', () => {
  expect(seen(block('0x0', USDT, [log({ address: OTHER }), log(), log({}, 5n), log()]))).toEqual([
    'log:1 1 USDT',
    'log:2 0.000005 USDT',
    'log:3 1 USDT',
  ]);
});

test('E1 not deposits: another contract of the same name, the system address of native moves, NFTs, zero, odd data, other events', () => {
  const fakes = [
    log({ address: OTHER }),
    log({ address: '0xfffffffffffffffffffffffffffffffffffffffe' }),
    log({ topics: [TRANSFER_TOPIC, word(OTHER), word(USER), word('0x01')], data: '0x' }),
    log({}, 0n),
    log({ data: '0x' }),
    log({ data: `0x${'0'.repeat(126)}01` }),
    log({ topics: [word('0x1234'), word(OTHER), word(USER)] }),
    log({ topics: [TRANSFER_TOPIC, word(USER), word(OTHER)] }),
  ];
  expect(seen(block('0x0', USDT, fakes))).toEqual([]);
});

test('E9 a block that was not read whole is no block without deposits', () => {
  expect(() => seen({ ...block(ETHER, USER), receipts: [] })).toThrow('no receipt');
  expect(() => seen({ ...block(ETHER, USER), traces: new Map() })).toThrow('no trace');
});

test('addresses: right checksum or one case; nothing else', () => {
  const good = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
  expect(canonicalAddress(good)).toBe(good);
  expect(canonicalAddress(good.toLowerCase())).toBe(good);
  for (const bad of [
    good.replace('5aA', '5AA'),
    good.slice(2),
    ` ${good}`,
    `${good}0`,
    'XE7338O073KYGTWWZN0F2WZ0R8PX5ZPPZS',
    'vitalik.eth',
    `${good.slice(0, -1)}٤`,
    '',
  ]) {
    expect(canonicalAddress(bad)).toBeUndefined();
  }
});
