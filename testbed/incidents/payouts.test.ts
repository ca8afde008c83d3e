/**
 * Our own transactions: lost, overtaken, sent by two processes, to receivers that need more gas; and keys that are
 * mistyped.
 */
import { DomainError } from '../../domain/contract/errors';
import type { Signer } from '../../domain/contract/ports';
import { parseAmount, parseSigned } from '../../domain/money/amount';
import { freshAddress } from '../emulators/evm/stranger';
import { EvmStage, pause, until } from '../stage/evm-stage';
import { approvalOf } from '../stage/approve';

let stage: EvmStage;
const open = async (hardfork?: string): Promise<void> => {
  stage = await EvmStage.open({ ...(hardfork && { hardfork }) });
};
afterEach(() => stage.close());

const sent = (id: string): Promise<{ txid: string; nonce: string }> =>
  until(
    `${id} is on its way`,
    async () =>
      (
        await stage.rows<{ txid: string; nonce: string }>(
          "SELECT txid, nonce FROM chain_transactions WHERE subject = ? AND state = 'BROADCAST'",
          [id],
        )
      )[0],
  );

test('E13 the node drops a transaction: the same bytes are sent again, one payment', async () => {
  await open();
  await stage.start();
  await stage.tenEther();
  const to = freshAddress();
  await stage.withdraw('w1', 'ETH', to, '1.5');
  const { txid } = await sent('w1');
  for (let times = 0; times < 3; times++) await stage.world.rpc('anvil_dropTransaction', [txid]).catch(() => undefined);
  await stage.confirmed('w1');
  expect(await stage.onChain(to, 'ETH')).toBe(parseAmount('1.5'));
  expect(await stage.rows("SELECT txid FROM chain_transactions WHERE subject = 'w1'")).toEqual([{ txid }]);
  await stage.booksAreTheChain();
});

test('E13 somebody else uses our nonce: a person is told, nobody is paid twice, and later withdrawals are paid', async () => {
  await open();
  await stage.start();
  await stage.tenEther();
  const [first, second] = [freshAddress(), freshAddress()];
  await stage.withdraw('w1', 'ETH', first, '1.5');
  const { txid, nonce } = await sent('w1');
  await stage.stop();
  await stage.world.rpc('anvil_dropTransaction', [txid]);
  await stage.world.rpc('anvil_impersonateAccount', [stage.hot]);
  await stage.world.rpc('eth_sendTransaction', [
    { from: stage.hot, to: freshAddress(), value: '0x1', nonce: `0x${Number(nonce).toString(16)}` },
  ]);
  await stage.mine();
  await stage.start();
  await until(
    'told',
    async () => stage.codes().includes('NONCE_TAKEN'),
    () => stage.mine(),
  );
  await stage.withdraw('w2', 'ETH', second, '2');
  await stage.confirmed('w2');
  expect([await stage.onChain(first, 'ETH'), await stage.onChain(second, 'ETH')]).toEqual([0n, parseAmount('2')]);
  expect(await stage.stateOf('w1')).toBe('BROADCAST');
});

test('E29 two processes with one database: every sweep and every payout once, no nonce twice', async () => {
  await open();
  await stage.operatorFunds('1');
  const both = await Promise.all([stage.start(), stage.start()]);
  await until('both are open', async () => both.every((one) => one.status()[0]?.state === 'open'));
  for (const user of ['u1', 'u2', 'u3']) await stage.world.ether(await stage.addressOf(user), '10');
  await until(
    'swept',
    async () => ((all) => all.length === 3 && all.every(({ state }) => state === 'SWEPT'))(await stage.deposits()),
    () => stage.mine(),
  );
  const receivers = Array.from({ length: 6 }, () => freshAddress());
  for (const [at, to] of receivers.entries()) await stage.withdraw(`w${at}`, 'ETH', to, '1');
  for (const at of receivers.keys()) await stage.confirmed(`w${at}`);
  for (const to of receivers) expect(await stage.onChain(to, 'ETH')).toBe(parseAmount('1'));
  const nonces = await stage.rows<{ from: string; nonce: string }>(
    "SELECT from_address AS `from`, nonce FROM chain_transactions WHERE state <> 'VOID'",
  );
  expect(new Set(nonces.map(({ from, nonce }) => `${from}/${nonce}`)).size).toBe(nonces.length);
  await until(
    'booked',
    async () =>
      (await stage.rows("SELECT 1 FROM chain_transactions WHERE state NOT IN ('CONFIRMED', 'VOID')")).length === 0,
    () => stage.mine(),
  );
  await stage.booksAreTheChain();
});

/** Pays a receiver that needs more gas than a plain payment. */
async function paidWithMoreGas(to: string): Promise<void> {
  await stage.withdraw('w1', 'ETH', to, '1.5');
  const { txid } = await sent('w1');
  await stage.confirmed('w1');
  const receipt = await stage.world.rpc<{ status: string; gasUsed: string }>('eth_getTransactionReceipt', [txid]);
  expect([receipt.status, Number(receipt.gasUsed) > 21_000]).toEqual(['0x1', true]);
  expect(await stage.onChain(to, 'ETH')).toBe(parseAmount('1.5'));
  await until(
    'booked',
    async () => (await stage.rows("SELECT 1 FROM chain_transactions WHERE state <> 'CONFIRMED'")).length === 0,
    () => stage.mine(),
  );
  await stage.booksAreTheChain();
}

test('E35 a receiver that needs more than 21,000 gas gets what it needs', async () => {
  await open();
  await stage.start();
  await stage.tenEther();
  await paidWithMoreGas(await stage.deploy('Ledger'));
});

/** What the house has burnt so far, by its own books and by the chain. */
const gasOf = async (txid: string): Promise<bigint> => {
  const { gasUsed, effectiveGasPrice } = await stage.world.rpc<{ gasUsed: string; effectiveGasPrice: string }>(
    'eth_getTransactionReceipt',
    [txid],
  );
  return BigInt(gasUsed) * BigInt(effectiveGasPrice);
};
const position = async (): Promise<bigint> =>
  parseSigned((await stage.engine.operatorPosition()).find(({ asset }) => asset === 'ETH')?.amount ?? '0');
const decided = async (id: string, kind: 'approve' | 'refuse'): Promise<void> => {
  const reference = `${kind}:${id}:again`;
  await stage.engine.submit(
    kind === 'approve'
      ? await approvalOf(stage.engine, id, reference)
      : { kind: 'withdrawal.refuse', reason: 'it takes no coins', withdrawalId: id, adminId: 'a1', reference },
  );
};

test(
  'E35 a receiver that takes no coins: back to review before anything was signed, no gas ' +
    'burnt; refused, the user has it all back',
  async () => {
    await open();
    await stage.start();
    await stage.tenEther();
    await until(
      'booked',
      async () => (await stage.rows("SELECT 1 FROM chain_transactions WHERE state <> 'CONFIRMED'")).length === 0,
      () => stage.mine(),
    );
    const before = await position();
    await stage.withdraw('w1', 'ETH', await stage.world.refusingContract(), '1.5');
    await until(
      'back in review',
      async () => (await stage.stateOf('w1')) === 'REQUESTED' && stage.codes().includes('PAYOUT_FAILED'),
    );
    expect(await stage.rows("SELECT id FROM chain_transactions WHERE subject = 'w1'")).toEqual([]);
    expect([await position(), await stage.available('u1', 'ETH')]).toEqual([before, '8.497']);
    await decided('w1', 'refuse');
    expect([await stage.stateOf('w1'), await stage.available('u1', 'ETH')]).toEqual(['REJECTED', '10']);
    expect(await stage.rows('SELECT reference FROM costs WHERE settled = 0')).toEqual([]);
    await stage.booksAreTheChain();
  },
);

/**
 * Takes coins by one write; called with data by anybody, by seven writes from then on. Runtime: with data store 1 at 0
 * and stop; if nothing is at 0 store the payment at 1 and stop; else store 1 at 10 to 15, and the payment at 1.
 */
const GROWS = (() => {
  const writes = [10, 11, 12, 13, 14, 15].map((slot) => `600160${slot.toString(16).padStart(2, '0')}55`).join('');
  const runtime = `36600f57600054601657346001550` + `05b600160005500` + `5b${writes}3460015500`;
  return `0x60${(runtime.length / 2).toString(16).padStart(2, '0')}80600b6000396000f3${runtime}`;
})();

test(
  'E35 what a receiver needs grows between estimate and block: the payment fails, its gas is ' +
    'booked, the coins stay ours; approved again it is estimated anew and paid once',
  async () => {
    await open();
    await stage.start();
    await stage.tenEther();
    await until(
      'booked',
      async () => (await stage.rows("SELECT 1 FROM chain_transactions WHERE state <> 'CONFIRMED'")).length === 0,
      () => stage.mine(),
    );
    const to = await stage.world.deploy(GROWS);
    const before = await position();
    await stage.withdraw('w1', 'ETH', to, '1.5');
    const { txid } = await sent('w1');
    await stage.stop();
    await stage.world.rpc('anvil_dropTransaction', [txid]);
    await stage.world.transact({ to, data: '0x01' });
    await stage.mine();
    await stage.start();
    await until(
      'back in review',
      async () => (await stage.stateOf('w1')) === 'REQUESTED',
      () => stage.mine(),
    );
    await until(
      'told',
      async () => stage.codes().includes('PAYOUT_FAILED') && stage.codes().includes('TRANSACTION_FAILED'),
    );
    const receipt = await stage.world.rpc<{ status: string; gasUsed: string }>('eth_getTransactionReceipt', [txid]);
    const [row] = await stage.rows<{ gas: string; state: string }>(
      "SELECT gas_limit AS gas, state FROM chain_transactions WHERE id = 'withdrawal:w1:0'",
    );
    // All the gas that it was given, and not a coin more.
    expect([receipt.status, BigInt(receipt.gasUsed), row?.state]).toEqual(['0x0', BigInt(row?.gas ?? 0), 'FAILED']);
    const burnt = await gasOf(txid);
    expect([await stage.onChain(to, 'ETH'), await position(), await stage.available('u1', 'ETH')]).toEqual([
      0n,
      before - burnt,
      '8.497',
    ]);
    await stage.booksAreTheChain();
    await decided('w1', 'approve');
    await stage.confirmed('w1');
    expect(await stage.onChain(to, 'ETH')).toBe(parseAmount('1.5'));
    await until(
      'closed',
      async () =>
        (await stage.rows("SELECT 1 FROM chain_transactions WHERE state IN ('PLANNED', 'SIGNED', 'BROADCAST')"))
          .length === 0,
      () => stage.mine(),
    );
    expect(
      await stage.rows<{ id: string; state: string }>(
        "SELECT id, state FROM chain_transactions WHERE subject = 'w1' ORDER BY id",
      ),
    ).toEqual([
      { id: 'withdrawal:w1:0', state: 'FAILED' },
      { id: 'withdrawal:w1:1', state: 'CONFIRMED' },
    ]);
    expect(await stage.available('u1', 'ETH')).toBe('8.497');
    await stage.booksAreTheChain();
  },
);

test('E36 an account that has delegated itself to a contract (EIP-7702) is paid as what it is now', async () => {
  await open('prague');
  await stage.start();
  await stage.tenEther();
  const [to, code] = [freshAddress(), await stage.deploy('Ledger')];
  await stage.world.rpc('anvil_setCode', [to, `0xef0100${code.slice(2)}`]);
  await paidWithMoreGas(to);
});

describe('E34 a mistyped key', () => {
  const withKey = (change: (xpub: string) => string): Signer => ({
    identity: async (network) => {
      const identity = await stage.signer.identity(network);
      return { ...identity, depositXpub: change(identity.depositXpub) };
    },
    sign: (intent) => stage.signer.sign(intent),
    signUtxo: (intent) => stage.signer.signUtxo(intent),
    signTron: (intent) => stage.signer.signTron(intent),
    judge: stage.signer.judge,
    approvers: stage.signer.approvers,
    changePasskey: stage.signer.changePasskey,
    droppedPasskeys: stage.signer.droppedPasskeys,
  });

  test('E34 one letter of the extended key is another one: the start is refused, at every place', async () => {
    await open();
    const other = (letter: string): string => (letter === 'x' ? 'y' : 'x');
    for (const at of [4, 30, 60, 90, 110]) {
      await expect(
        stage.start(
          {},
          withKey((xpub) => xpub.slice(0, at) + other(xpub.charAt(at)) + xpub.slice(at + 1)),
        ),
      ).rejects.toThrow('extended key');
    }
    await stage.start();
  });

  test('E34 another first address than the operator wrote down: the start is refused', async () => {
    await open();
    await expect(stage.start({ firstAddress: freshAddress() })).rejects.toThrow("the signer's first address is");
    await pause(0);
  });
});

describe('E27 memos and tags, which nothing here can send', () => {
  const noVenue = async (): Promise<never> => {
    throw new Error('the venue is closed');
  };
  const wanted = async (): Promise<never> => {
    throw new DomainError('MEMO_REQUIRED', { asset: 'ETH', network: 'ETH', venue: 'binance' });
  };

  test('E27 a network whose receivers have memos is not opened, and no withdrawal without its memo is taken', async () => {
    stage = await EvmStage.open({
      listing: (fresh) => ({ ...fresh, networks: fresh.networks.map((network) => ({ ...network, memo: 'required' })) }),
    });
    await expect(stage.start()).rejects.toThrow('no transaction of this kind carries one');
    await stage.engine.submit({
      kind: 'deposit.credit',
      reference: 'd1',
      depositId: 'd1',
      userId: 'u1',
      network: 'ethereum',
      asset: 'ETH',
      amount: '10',
    });
    await expect(stage.withdraw('w1', 'ETH', freshAddress(), '1')).rejects.toMatchObject({ code: 'MEMO_REQUIRED' });
    expect(await stage.available('u1', 'ETH')).toBe('10');
  });

  test('E27 a withdrawal with a memo where none is known is not taken, whoever asks the engine', async () => {
    await open();
    await stage.engine.submit({
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
    await expect(stage.engine.submit(request)).rejects.toMatchObject({ code: 'MEMO_NOT_SUPPORTED' });
    expect(await stage.available('u1', 'ETH')).toBe('10');
  });

  test(
    'E27 the venue wants a tag with our deposits, or with what it sends back: nothing leaves, ' +
      'and an operator is told once',
    async () => {
      await open();
      const capital = {
        venue: 'binance',
        depositAddress: wanted,
        deposits: noVenue,
        withdrawalTerms: wanted,
        withdraw: noVenue,
        withdrawal: noVenue,
        balances: noVenue,
      };
      await stage.start({}, stage.signer, capital);
      await stage.tenEther();
      await until(
        'told',
        async () => stage.codes().includes('VENUE_WANTS_MEMO'),
        () => stage.mine(),
      );
      await stage.final();
      expect(stage.codes().filter((code) => code === 'VENUE_WANTS_MEMO')).toHaveLength(1);
      expect([await stage.rows('SELECT 1 FROM venue_transfers'), await stage.custody('transit', 'ETH')]).toEqual([
        [],
        0n,
      ]);
      await stage.booksAreTheChain();
    },
  );
});
