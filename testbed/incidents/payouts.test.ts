/** Our own transactions: lost, overtaken, sent by two processes, to receivers that need more gas; and keys that are mistyped. */
import { DomainError } from '../../domain/contract/errors';
import type { Signer } from '../../domain/contract/ports';
import { parseAmount, parseSigned } from '../../domain/money/amount';
import { freshAddress } from '../emulators/evm/stranger';
import { EvmHouse, pause, until } from '../stage/evm-stage';
import { approvalOf } from '../stage/approve';

let house: EvmHouse;
const open = async (hardfork?: string): Promise<void> => {
  house = await EvmHouse.open({ ...(hardfork && { hardfork }) });
};
afterEach(() => house.close());

const sent = (id: string): Promise<{ txid: string; nonce: string }> =>
  until(
    `${id} is on its way`,
    async () =>
      (
        await house.rows<{ txid: string; nonce: string }>(
          "SELECT txid, nonce FROM chain_transactions WHERE subject = ? AND state = 'BROADCAST'",
          [id],
        )
      )[0],
  );

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
  await house.world.rpc('eth_sendTransaction', [
    { from: house.hot, to: freshAddress(), value: '0x1', nonce: `0x${Number(nonce).toString(16)}` },
  ]);
  await house.mine();
  await house.start();
  await until(
    'told',
    async () => house.codes().includes('NONCE_TAKEN'),
    () => house.mine(),
  );
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
  await until(
    'swept',
    async () => ((all) => all.length === 3 && all.every(({ state }) => state === 'SWEPT'))(await house.deposits()),
    () => house.mine(),
  );
  const receivers = Array.from({ length: 6 }, () => freshAddress());
  for (const [at, to] of receivers.entries()) await house.withdraw(`w${at}`, 'ETH', to, '1');
  for (const at of receivers.keys()) await house.confirmed(`w${at}`);
  for (const to of receivers) expect(await house.onChain(to, 'ETH')).toBe(parseAmount('1'));
  const nonces = await house.rows<{ from: string; nonce: string }>(
    "SELECT from_address AS `from`, nonce FROM chain_transactions WHERE state <> 'VOID'",
  );
  expect(new Set(nonces.map(({ from, nonce }) => `${from}/${nonce}`)).size).toBe(nonces.length);
  await until(
    'booked',
    async () =>
      (await house.rows("SELECT 1 FROM chain_transactions WHERE state NOT IN ('CONFIRMED', 'VOID')")).length === 0,
    () => house.mine(),
  );
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
  await until(
    'booked',
    async () => (await house.rows("SELECT 1 FROM chain_transactions WHERE state <> 'CONFIRMED'")).length === 0,
    () => house.mine(),
  );
  await house.booksAreTheChain();
}

test('E35 a receiver that needs more than 21,000 gas gets what it needs', async () => {
  await open();
  await house.start();
  await house.tenEther();
  await paidWithMoreGas(await house.deploy('Ledger'));
});

/** What the house has burnt so far, by its own books and by the chain. */
const gasOf = async (txid: string): Promise<bigint> => {
  const { gasUsed, effectiveGasPrice } = await house.world.rpc<{ gasUsed: string; effectiveGasPrice: string }>(
    'eth_getTransactionReceipt',
    [txid],
  );
  return BigInt(gasUsed) * BigInt(effectiveGasPrice);
};
const position = async (): Promise<bigint> =>
  parseSigned((await house.engine.operatorPosition()).find(({ asset }) => asset === 'ETH')?.amount ?? '0');
const decided = async (id: string, kind: 'approve' | 'refuse'): Promise<void> => {
  const reference = `${kind}:${id}:again`;
  await house.engine.submit(
    kind === 'approve'
      ? await approvalOf(house.engine, id, reference)
      : { kind: 'withdrawal.refuse', reason: 'it takes no coins', withdrawalId: id, adminId: 'a1', reference },
  );
};

test('E35 a receiver that takes no coins: back to review before anything was signed, no gas burnt; refused, the user has it all back', async () => {
  await open();
  await house.start();
  await house.tenEther();
  await until(
    'booked',
    async () => (await house.rows("SELECT 1 FROM chain_transactions WHERE state <> 'CONFIRMED'")).length === 0,
    () => house.mine(),
  );
  const before = await position();
  await house.withdraw('w1', 'ETH', await house.world.refusingContract(), '1.5');
  await until(
    'back in review',
    async () => (await house.stateOf('w1')) === 'REQUESTED' && house.codes().includes('PAYOUT_FAILED'),
  );
  expect(await house.rows("SELECT id FROM chain_transactions WHERE subject = 'w1'")).toEqual([]);
  expect([await position(), await house.available('u1', 'ETH')]).toEqual([before, '8.497']);
  await decided('w1', 'refuse');
  expect([await house.stateOf('w1'), await house.available('u1', 'ETH')]).toEqual(['REFUSED', '10']);
  expect(await house.rows('SELECT reference FROM costs WHERE settled = 0')).toEqual([]);
  await house.booksAreTheChain();
});

/**
 * Takes coins by one write; called with data by anybody, by seven writes from then on. Runtime: with data store 1 at 0 and stop; if
 * nothing is at 0 store the payment at 1 and stop; else store 1 at 10 to 15, and the payment at 1.
 */
const GROWS = (() => {
  const writes = [10, 11, 12, 13, 14, 15].map((slot) => `600160${slot.toString(16).padStart(2, '0')}55`).join('');
  const runtime = `36600f57600054601657346001550` + `05b600160005500` + `5b${writes}3460015500`;
  return `0x60${(runtime.length / 2).toString(16).padStart(2, '0')}80600b6000396000f3${runtime}`;
})();

test('E35 what a receiver needs grows between estimate and block: the payment fails, its gas is booked, the coins stay ours; approved again it is estimated anew and paid once', async () => {
  await open();
  await house.start();
  await house.tenEther();
  await until(
    'booked',
    async () => (await house.rows("SELECT 1 FROM chain_transactions WHERE state <> 'CONFIRMED'")).length === 0,
    () => house.mine(),
  );
  const to = await house.world.deploy(GROWS);
  const before = await position();
  await house.withdraw('w1', 'ETH', to, '1.5');
  const { txid } = await sent('w1');
  await house.stop();
  await house.world.rpc('anvil_dropTransaction', [txid]);
  await house.world.transact({ to, data: '0x01' });
  await house.mine();
  await house.start();
  await until(
    'back in review',
    async () => (await house.stateOf('w1')) === 'REQUESTED',
    () => house.mine(),
  );
  await until(
    'told',
    async () => house.codes().includes('PAYOUT_FAILED') && house.codes().includes('TRANSACTION_FAILED'),
  );
  const receipt = await house.world.rpc<{ status: string; gasUsed: string }>('eth_getTransactionReceipt', [txid]);
  const [row] = await house.rows<{ gas: string; state: string }>(
    "SELECT gas_limit AS gas, state FROM chain_transactions WHERE id = 'withdrawal:w1:0'",
  );
  // All the gas that it was given, and not a coin more.
  expect([receipt.status, BigInt(receipt.gasUsed), row?.state]).toEqual(['0x0', BigInt(row?.gas ?? 0), 'FAILED']);
  const burnt = await gasOf(txid);
  expect([await house.onChain(to, 'ETH'), await position(), await house.available('u1', 'ETH')]).toEqual([
    0n,
    before - burnt,
    '8.497',
  ]);
  await house.booksAreTheChain();
  await decided('w1', 'approve');
  await house.confirmed('w1');
  expect(await house.onChain(to, 'ETH')).toBe(parseAmount('1.5'));
  await until(
    'closed',
    async () =>
      (await house.rows("SELECT 1 FROM chain_transactions WHERE state IN ('PLANNED', 'SIGNED', 'BROADCAST')"))
        .length === 0,
    () => house.mine(),
  );
  expect(
    await house.rows<{ id: string; state: string }>(
      "SELECT id, state FROM chain_transactions WHERE subject = 'w1' ORDER BY id",
    ),
  ).toEqual([
    { id: 'withdrawal:w1:0', state: 'FAILED' },
    { id: 'withdrawal:w1:1', state: 'CONFIRMED' },
  ]);
  expect(await house.available('u1', 'ETH')).toBe('8.497');
  await house.booksAreTheChain();
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
    changePasskey: house.signer.changePasskey,
    droppedPasskeys: house.signer.droppedPasskeys,
  });

  test('E34 one letter of the extended key is another one: the start is refused, at every place', async () => {
    await open();
    const other = (letter: string): string => (letter === 'x' ? 'y' : 'x');
    for (const at of [4, 30, 60, 90, 110]) {
      await expect(
        house.start(
          {},
          withKey((xpub) => xpub.slice(0, at) + other(xpub.charAt(at)) + xpub.slice(at + 1)),
        ),
      ).rejects.toThrow('extended key');
    }
    await house.start();
  });

  test('E34 another first address than the operator wrote down: the start is refused', async () => {
    await open();
    await expect(house.start({ firstAddress: freshAddress() })).rejects.toThrow("the signer's first address is");
    await pause(0);
  });
});

describe('E27 memos and tags, which nothing here can send', () => {
  const noVenue = async (): Promise<never> => {
    throw new Error('the venue is closed');
  };
  const wanted = async (): Promise<never> => {
    throw new DomainError('MEMO_NEEDED', { asset: 'ETH', network: 'ETH', venue: 'binance' });
  };

  test('E27 a network whose receivers have memos is not opened, and no withdrawal without its memo is taken', async () => {
    house = await EvmHouse.open({
      listing: (fresh) => ({ ...fresh, networks: fresh.networks.map((network) => ({ ...network, memo: 'required' })) }),
    });
    await expect(house.start()).rejects.toThrow('no transaction of this kind carries one');
    await house.engine.submit({
      kind: 'deposit.credit',
      reference: 'd1',
      depositId: 'd1',
      userId: 'u1',
      network: 'ethereum',
      asset: 'ETH',
      amount: '10',
    });
    await expect(house.withdraw('w1', 'ETH', freshAddress(), '1')).rejects.toMatchObject({ code: 'MEMO_NEEDED' });
    expect(await house.available('u1', 'ETH')).toBe('10');
  });

  test('E27 a withdrawal with a memo where none is known is not taken, whoever asks the engine', async () => {
    await open();
    await house.engine.submit({
      kind: 'deposit.credit',
      reference: 'd1',
      depositId: 'd1',
      userId: 'u1',
      network: 'ethereum',
      asset: 'ETH',
      amount: '10',
    });
    const request = {
      kind: 'withdrawal.request' as const,
      reference: 'withdrawal:u1:w1',
      withdrawalId: 'w1',
      userId: 'u1',
      asset: 'ETH',
      network: 'ethereum',
      address: freshAddress(),
      memo: '1234',
      amount: '1',
      fee: '0.003',
    };
    await expect(house.engine.submit(request)).rejects.toMatchObject({ code: 'NO_MEMO_HERE' });
    expect(await house.available('u1', 'ETH')).toBe('10');
  });

  test('E27 the venue wants a tag with our deposits, or with what it sends back: nothing leaves, and an operator is told once', async () => {
    await open();
    const capital = {
      depositAddress: wanted,
      deposits: noVenue,
      withdrawalTerms: wanted,
      withdraw: noVenue,
      withdrawal: noVenue,
      balances: noVenue,
    };
    await house.start({}, house.signer, capital);
    await house.tenEther();
    await until(
      'told',
      async () => house.codes().includes('VENUE_WANTS_MEMO'),
      () => house.mine(),
    );
    await house.final();
    expect(house.codes().filter((code) => code === 'VENUE_WANTS_MEMO')).toHaveLength(1);
    expect([await house.rows('SELECT 1 FROM venue_transfers'), await house.custody('transit', 'ETH')]).toEqual([
      [],
      0n,
    ]);
    await house.booksAreTheChain();
  });
});
