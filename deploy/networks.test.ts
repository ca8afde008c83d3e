import { z } from 'zod';
import { NETWORK_SETTINGS, evmNetworks, openBitcoin, openNetworks } from './networks';

const schema = z.object(NETWORK_SETTINGS);
const read = (settings: Record<string, string>) => schema.parse(settings);

test('a network may have several nodes, the preferred one first; without one it is not opened', () => {
  const settings = read({ ETHEREUM_RPC_URL: 'https://a.example/key, https://b.example', BITCOIN_RPC_URL: 'http://u:p@c.example:8332', EVM_NETWORKS: '[{"id":"base","name":"Base","chainId":8453,"gasAsset":"ETH","venueNetwork":"BASE","rpcUrl":["https://d.example","https://e.example"],"confirmations":20},{"id":"one","name":"One","chainId":2,"gasAsset":"ONE","venueNetwork":"ONE","rpcUrl":"https://f.example","confirmations":9}]' });
  expect(openNetworks(settings).map(({ id, rpcUrl, rpcUrls }) => [id, rpcUrl, rpcUrls.length])).toEqual([
    ['ethereum', 'https://a.example/key', 2],
    ['base', 'https://d.example', 2],
    ['one', 'https://f.example', 1],
  ]);
  expect(evmNetworks(settings).find(({ id }) => id === 'bsc')?.rpcUrls).toEqual([]);
  expect(openBitcoin(settings)?.rpcUrls).toEqual(['http://u:p@c.example:8332']);
  expect(openBitcoin(read({}))).toBeUndefined();
});

test('large deposits by asset; what is no address and no amount is named', () => {
  expect(read({ LARGE_DEPOSITS: 'BTC:0.5, ETH:10' }).LARGE_DEPOSITS).toEqual({ BTC: '0.5', ETH: '10' });
  expect(read({}).LARGE_DEPOSITS).toEqual({});
  for (const wrong of ['BTC', 'BTC:', 'BTC:-1', 'btc:1', 'BTC:1:2', 'BTC:1e3']) expect(() => read({ LARGE_DEPOSITS: wrong })).toThrow('not an asset and an amount');
  expect(() => read({ BSC_RPC_URL: 'https://a.example,node' })).toThrow('not an address: node');
});
