/** Our own transactions: lost, overtaken, sent by two processes, to receivers that need more gas; and keys that are mistyped. */
import type { Signer } from '../../../domain/contract/ports';
import { parseAmount } from '../../../domain/money/amount';
import { freshAddress } from '../../local/evm/stranger';
import { EvmHouse, pause, until } from './evm-house';

let house: EvmHouse;
const open = async (hardfork?: string): Promise<void> => {
  house = await EvmHouse.open({ ...(hardfork && { hardfork }) });
};
afterEach(() => house.close());

const sent = (id: string): Promise<{ txid: string; nonce: string }> =>
  until(`${id} is on its way`, async () => (await house.rows<{ txid: string; nonce: string }>("SELECT txid, nonce FROM chain_transactions WHERE subject = ? AND state = 'BROADCAST'", [id]))[0]);

test('E13 the node drops a transaction: the same bytes are sent again, one payment', async () => {
  await open();
  await house.start();
  await house.tenEther();
  const to = freshAddress();
  await house.withdraw('w1', 'ETH', to, '1.5');
  const { txid } = await sent('w1');
  for (let times = 0; times < 3; times++) await house.world.rpc('anvil_dropTransaction', [txid]).catch(() => undefined);
  await house.confirmed('w1');
  expect(await house.onChain(to, 'ETH')).toBe(parseAmount('1.5'));
  expect(await house.rows("SELECT txid FROM chain_transactions WHERE subject = 'w1'")).toEqual([{ txid }]);
  await house.booksAreTheChain();
});

test('E13 somebody else uses our nonce: a person is told, nobody is paid twice, and later withdrawals are paid', async () => {
  await open();
  await house.start();
  await house.tenEther();
  const [first, second] = [freshAddress(), freshAddress()];
  await house.withdraw('w1', 'ETH', first, '1.5');
  const { txid, nonce } = await sent('w1');
  await house.stop();
  await house.world.rpc('anvil_dropTransaction', [txid]);
  await house.world.rpc('anvil_impersonateAccount', [house.hot]);
  await house.world.rpc('eth_sendTransaction', [{ from: house.hot, to: freshAddress(), value: '0x1', nonce: `0x${Number(nonce).toString(16)}` }]);
  await house.mine();
  await house.start();
  await until('told', async () => house.codes().includes('NONCE_TAKEN'), () => house.mine());
  await house.withdraw('w2', 'ETH', second, '2');
  await house.confirmed('w2');
  expect([await house.onChain(first, 'ETH'), await house.onChain(second, 'ETH')]).toEqual([0n, parseAmount('2')]);
  expect(await house.stateOf('w1')).toBe('BROADCAST');
});

test('E29 two processes with one database: every sweep and every payout once, no nonce twice', async () => {
  await open();
  await house.operatorFunds('1');
  const both = await Promise.all([house.start(), house.start()]);
  await until('both are open', async () => both.every((one) => one.status()[0]?.state === 'open'));
  for (const user of ['u1', 'u2', 'u3']) await house.world.ether(await house.addressOf(user), '10');
  await until('swept', async () => ((all) => all.length === 3 && all.every(({ state }) => state === 'SWEPT'))(await house.deposits()), () => house.mine());
  const receivers = Array.from({ length: 6 }, () => freshAddress());
  for (const [at, to] of receivers.entries()) await house.withdraw(`w${at}`, 'ETH', to, '1');
  for (const at of receivers.keys()) await house.confirmed(`w${at}`);
  for (const to of receivers) expect(await house.onChain(to, 'ETH')).toBe(parseAmount('1'));
  const nonces = await house.rows<{ from: string; nonce: string }>("SELECT from_address AS `from`, nonce FROM chain_transactions WHERE state <> 'VOID'");
  expect(new Set(nonces.map(({ from, nonce }) => `${from}/${nonce}`)).size).toBe(nonces.length);
  await until('booked', async () => (await house.rows("SELECT 1 FROM chain_transactions WHERE state NOT IN ('CONFIRMED', 'VOID')")).length === 0, () => house.mine());
  await house.booksAreTheChain();
});

/** Pays a receiver that needs more gas than a plain payment. */
async function paidWithMoreGas(to: string): Promise<void> {
  await house.withdraw('w1', 'ETH', to, '1.5');
  const { txid } = await sent('w1');
  await house.confirmed('w1');
  const receipt = await house.world.rpc<{ status: string; gasUsed: string }>('eth_getTransactionReceipt', [txid]);
  expect([receipt.status, Number(receipt.gasUsed) > 21_000]).toEqual(['0x1', true]);
  expect(await house.onChain(to, 'ETH')).toBe(parseAmount('1.5'));
  await until('booked', async () => (await house.rows("SELECT 1 FROM chain_transactions WHERE state <> 'CONFIRMED'")).length === 0, () => house.mine());
  await house.booksAreTheChain();
}

test('E35 a receiver that needs more than 21,000 gas gets what it needs', async () => {
  await open();
  await house.start();
  await house.tenEther();
  await paidWithMoreGas(await house.deploy('Ledger'));
});

test('E36 an account that has delegated itself to a contract (EIP-7702) is paid as what it is now', async () => {
  await open('prague');
  await house.start();
  await house.tenEther();
  const [to, code] = [freshAddress(), await house.deploy('Ledger')];
  await house.world.rpc('anvil_setCode', [to, `0xef0100${code.slice(2)}`]);
  await paidWithMoreGas(to);
});

describe('E34 a mistyped key', () => {
  const withKey = (change: (xpub: string) => string): Signer => ({
    identity: async (network) => {
      const identity = await house.signer.identity(network);
      return { ...identity, depositXpub: change(identity.depositXpub) };
    },
    sign: (intent) => house.signer.sign(intent),
    signCoins: (intent) => house.signer.signCoins(intent),
    signTron: (intent) => house.signer.signTron(intent),
    judge: house.signer.judge,
    approvers: house.signer.approvers,
  });

  test('E34 one letter of the extended key is another one: the start is refused, at every place', async () => {
    await open();
    const other = (letter: string): string => (letter === 'x' ? 'y' : 'x');
    for (const at of [4, 30, 60, 90, 110]) {
      await expect(house.start({}, withKey((xpub) => xpub.slice(0, at) + other(xpub.charAt(at)) + xpub.slice(at + 1)))).rejects.toThrow('extended key');
    }
    await house.start();
  });

  test('E34 another first address than the operator wrote down: the start is refused', async () => {
    await open();
    await expect(house.start({ firstAddress: freshAddress() })).rejects.toThrow("the signer's first address is");
    await pause(0);
  });
});
