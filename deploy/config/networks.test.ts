import { z } from 'zod';
import { NETWORK_SETTINGS, evmNetworks, openBitcoin, openNetworks, openTron } from './networks';

const schema = z.object(NETWORK_SETTINGS);
const read = (settings: Record<string, string>) => schema.parse(settings);

test('a network may have several nodes, the preferred one first; without one it is not opened', () => {
  const settings = read({
    ETHEREUM_RPC_URL: 'https://a.example/key, https://b.example',
    BITCOIN_RPC_URL: 'http://u:p@c.example:8332',
    EVM_NETWORKS:
      '[{"id":"base","name":"Base","chainId":8453,"gasAsset":"ETH","venueNetwork":"BASE","rpcUrl":["https://d.example","https://e.example"],"confirmations":20},{"id":"one","name":"One","chainId":2,"gasAsset":"ONE","venueNetwork":"ONE","rpcUrl":"https://f.example","confirmations":9}]',
  });
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
  for (const wrong of ['BTC', 'BTC:', 'BTC:-1', 'btc:1', 'BTC:1:2', 'BTC:1e3'])
    expect(() => read({ LARGE_DEPOSITS: wrong })).toThrow('not an asset and an amount');
  expect(() => read({ BSC_RPC_URL: 'https://a.example,node' })).toThrow('place 2 cannot be read');
});

test(
  'the key of TronGrid goes to nodes over TLS and to this machine, other headers to the ' +
    'hosts that they name; settings that are wrong are refused without their secrets',
  () => {
    const urls = 'https://api.trongrid.io,http://10.0.0.5:8090,http://127.0.0.1:9090';
    const headers = openTron(
      read({
        TRON_RPC_URL: urls,
        TRON_API_KEY: 'k3y-of-trongrid',
        NODE_HEADERS: '{"10.0.0.5:8090":{"X-Token":"t0ken"},"eth.example":{"X-Token":"other"}}',
      }),
    )?.headers;
    expect(headers).toEqual({
      'api.trongrid.io': { 'TRON-PRO-API-KEY': 'k3y-of-trongrid' },
      '127.0.0.1:9090': { 'TRON-PRO-API-KEY': 'k3y-of-trongrid' },
      '10.0.0.5:8090': { 'X-Token': 't0ken' },
      'eth.example': { 'X-Token': 'other' },
    });
    expect(
      openNetworks(
        read({ ETHEREUM_RPC_URL: 'https://eth.example/key', NODE_HEADERS: '{"eth.example":{"X-Token":"other"}}' }),
      )[0]?.headers,
    ).toEqual({ 'eth.example': { 'X-Token': 'other' } });
    const wrongs: Record<string, string>[] = [
      { NODE_HEADERS: '{"h":{"X-Token":"s3cret\\r\\n"}}' },
      { NODE_HEADERS: '{"h":"s3cret"}' },
      { NODE_HEADERS: 's3cret' },
      { TRON_API_KEY: 's3cret with spaces' },
      { ETHEREUM_RPC_URL: 'https://user:s3cret@host:port' },
    ];
    for (const wrong of wrongs) {
      const said = (() => {
        try {
          read(wrong);
          return 'nothing';
        } catch (error) {
          return String((error as Error).message);
        }
      })();
      expect(said).toMatch(/not headers by host|not a key|cannot be read/);
      expect(said).not.toContain('s3cret');
    }
  },
);

test('a token of more than 18 decimals is refused by the settings: its first transfer would stop the scanner', () => {
  const network = (decimals: number) =>
    JSON.stringify([
      {
        id: 'one',
        name: 'One',
        chainId: 2,
        gasAsset: 'ONE',
        venueNetwork: 'ONE',
        rpcUrl: 'https://f.example',
        confirmations: 9,
        usdt: { contract: `0x${'1'.repeat(40)}`, decimals },
      },
    ]);
  expect(openNetworks(read({ EVM_NETWORKS: network(18) }))[0]?.usdtDecimals).toBe(18);
  for (const decimals of [19, 30, -1])
    expect(() => read({ EVM_NETWORKS: network(decimals) })).toThrow('not a list of networks');
});
