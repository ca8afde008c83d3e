import { fixedClock } from '../../domain/clock-and-ids';
import type { Rail } from '../../domain/registry';
import { nodesOf } from './opening';
import type { NetworkConfig, NetworkDeps } from './settings';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const deps = { clock: fixedClock(), logger: silent } as unknown as NetworkDeps;
const network = {
  id: 'ethereum',
  name: 'Ethereum',
  kind: 'evm',
  chainId: 1,
  gasAsset: 'ETH',
  confirmations: 1,
  venueNetwork: 'ETH',
  memo: 'none',
} as const;
const rail = (decimals: number): Rail => ({
  asset: 'FINE',
  network: 'ethereum',
  contract: `0x${'1'.repeat(40)}`,
  decimals,
  minDeposit: '0',
  depositFee: '0',
  minWithdrawal: '0',
  withdrawalFee: '0',
});
const open = (decimals: number) =>
  nodesOf(
    deps,
    network,
    [rail(decimals)],
    { rpcUrls: ['http://127.0.0.1:1'], pollMs: 1000 } as unknown as NetworkConfig,
    () => ({ close: () => undefined }) as never,
  );

test('a network that lists a token finer than amounts are kept is not opened, whoever listed it', () => {
  expect(() => open(19)).toThrow('ethereum: FINE has 19 decimals; amounts are kept with 18');
  expect(() => open(18)).not.toThrow();
});
