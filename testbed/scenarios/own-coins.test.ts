/** What becomes of our own coins on a real node: change that is spent early, a child that pays for its parent, small coins that are gathered. */
import { DomainError } from '../../domain/contract/errors';
import type { CoinIntent } from '../../domain/contract/ports';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { NetworkConfig } from '../../wallets';
import { paidBy, strangersAddress } from '../emulators/bitcoin/faucet';
import { BitcoinHouse, N, noBitcoin, others } from '../stage/bitcoin-stage';
import { pause, until } from '../stage/evm-stage';
import { proxyOf } from '../stage/node-proxy';

jest.setTimeout(120_000);

const absent = noBitcoin();
if (absent) process.stderr.write(`${absent}\n`);
const onNode = absent ? describe.skip : describe;

onNode('our own coins', () => {
  let house: BitcoinHouse;
  beforeEach(async () => {
    house = await BitcoinHouse.open();
  });
  afterEach(() => house.close());

  const txidOf = async (id: string): Promise<string> => (await house.withdrawal(id)).txid ?? '';
  const stateOf = async (id: string): Promise<string> => (await house.withdrawal(id)).state;
  const raw = (txid: string): Promise<string> => house.ask<string>('getrawtransaction', txid);
  const waiting = (): Promise<string[]> => house.ask<string[]>('getrawmempool');
  const inBlock = async (txid: string): Promise<string | undefined> =>
    (await house.ask<{ blockhash?: string }>('getrawtransaction', txid, true)).blockhash;
  const transaction = async (
    purpose: string,
  ): Promise<{ id: string; state: string; txid: string; paid: string | null } | undefined> =>
    (
      await house.rows<{ id: string; state: string; txid: string; paid: string | null }>(
        "SELECT id, state, txid, fee_paid AS paid FROM chain_transactions WHERE purpose = ? AND id NOT LIKE '%#%'",
        [purpose],
      )
    )[0];
  const paidIn = async (purpose: string): Promise<bigint> => parseAmount((await transaction(purpose))?.paid ?? '0');
  const onItsWay = (id: string): Promise<true> =>
    until(
      `${id} is on its way`,
      async () => (await stateOf(id)) === 'BROADCAST' && (await waiting()).includes(await txidOf(id)),
    );

  describe('change', () => {
    test('is spent after one block; a reorganisation puts both back, and both are paid; what has a child is not replaced, the child is', async () => {
      await house.start();
      await house.funded('0.5');
      await house.operatorFunds('0.01');
      await house.withdraw('w1', strangersAddress(), '0.1');
      await onItsWay('w1');
      await house.withdraw('w2', strangersAddress(), '0.3');
      await until('waits for the change', async () => (await house.withdrawal('w2')).reason === 'AWAITING_CHANGE');
      await house.mine();
      await onItsWay('w2');
      expect([await stateOf('w1'), await house.rows('SELECT 1 FROM venue_transfers')]).toEqual(['BROADCAST', []]);
      const [first, second] = [await txidOf('w1'), await txidOf('w2')];
      await house.ask('invalidateblock', await house.ask<string>('getbestblockhash'));
      await until(
        'the child is replaced',
        async () => (await txidOf('w2')) !== second,
        () => house.mineEmpty(),
      );
      expect(await txidOf('w1')).toBe(first);
      await house.confirmed('w1');
      await house.confirmed('w2');
      expect(await txidOf('w1')).toBe(first);
      await house.booksAreTheChain();
    });

    test('E12 of a transaction that was replaced waits for every block: its former bytes may be mined instead', async () => {
      await house.start();
      await house.funded('0.5');
      await house.operatorFunds('0.01');
      await house.withdraw('w1', strangersAddress(), '0.1');
      await onItsWay('w1');
      const [first, bytes] = [await txidOf('w1'), await raw(await txidOf('w1'))];
      // One block and a whole round after the other: replaced once, and not again before it is mined.
      await until(
        'replaced',
        async () => (await txidOf('w1')) !== first,
        async () => {
          await house.mineEmpty();
          await house.catchUp();
        },
      );
      await until('known', async () => (await waiting()).includes(await txidOf('w1')));
      await house.mine();
      await house.withdraw('w2', strangersAddress(), '0.3');
      await until('waits', async () => (await house.withdrawal('w2')).reason === 'AWAITING_CHANGE');
      await house.catchUp();
      expect(await stateOf('w2')).toBe('WAITING_FUNDS');
      // And so it comes: nothing was built on the one that is gone.
      await house.ask('invalidateblock', await house.ask<string>('getbestblockhash'));
      await house.mineOnly([bytes]);
      await house.confirmed('w1');
      await house.confirmed('w2');
      expect(await txidOf('w1')).toBe(first);
      await house.booksAreTheChain();
    });
  });

  describe('a child pays for its parent', () => {
    /** Five coins for one payment, so that what comes back is too little for a higher fee; `fee`: what is left of them. */
    const stuck = async (fee: string, signing: Parameters<BitcoinHouse['start']>[1] = {}): Promise<void> => {
      await house.start({}, signing);
      await house.funded('0.1', '0.1', '0.1', '0.1', '0.1');
      await house.operatorFunds('0.01');
      await house.withdraw('w1', strangersAddress(), formatAmount(parseAmount('0.5') - parseAmount(fee)), fee);
      await onItsWay('w1');
    };
    const child = (): Promise<{ id: string; txid: string }> =>
      until(
        'there is a child',
        async () => {
          const row = await transaction('cpfp');
          return row && row.state === 'BROADCAST' && (await waiting()).includes(row.txid) && row;
        },
        () => house.mineEmpty(),
      );

    test("where its change does not: both are mined before dearer ones of others, and the cost is the operator's", async () => {
      const coins = [];
      for (let at = 30; at < 38; at++) coins.push(await house.othersCoin(at, '0.2'));
      let lost = 0;
      await stuck('0.00002665', {
        // The first answer is lost: asked again, it is the same child.
        signCoins: async (intent: CoinIntent) => {
          const signed = await house.signer.signCoins(intent);
          if (intent.purpose === 'cpfp' && lost++ === 0) throw new Error('the signer is away');
          return signed;
        },
      });
      const parent = await txidOf('w1');
      for (const coin of coins)
        await house.ask(
          'sendrawtransaction',
          (await house.othersPay(coin, [{ script: others.own(0, 1).script, value: 1_000_000n }], 6000n)).rawTransaction,
        );
      // A block with room for a few: the parent alone has to wait.
      const ROOM = 6600;
      await house.ask('mine', ROOM);
      expect([await inBlock(parent), (await waiting()).length > 3]).toEqual([undefined, true]);
      const { txid, id } = await child();
      expect(id).toMatch(/^cpfp:batch:/);
      await house.ask('mine', ROOM);
      const block = await inBlock(parent);
      expect([block === undefined, await inBlock(txid), (await waiting()).length > 0]).toEqual([false, block, true]);
      await house.confirmed('w1');
      await house.booksAreTheChain();
      expect([await txidOf('w1'), (await transaction('cpfp'))?.state, lost > 1]).toEqual([parent, 'CONFIRMED', true]);
      expect(await house.networkFees()).toBe(formatAmount((await paidIn('cpfp')) + (await paidIn('withdrawal'))));
    });

    test('the parent is mined first: the child is mined after it; stuck itself, the child is replaced', async () => {
      await stuck('0.00002665');
      const parent = await txidOf('w1');
      const { id, txid } = await child();
      await house.mineOnly([await raw(parent)]);
      await until(
        'the child is replaced',
        async () => (await house.rows('SELECT 1 FROM chain_transactions WHERE id = ?', [`${id}#1`])).length === 1,
        () => house.mineEmpty(),
      );
      await until('known', async () => (await waiting()).includes((await transaction('cpfp'))?.txid ?? ''));
      await house.confirmed('w1');
      await house.booksAreTheChain();
      expect([(await transaction('cpfp'))?.state, (await transaction('cpfp'))?.txid === txid]).toEqual([
        'CONFIRMED',
        false,
      ]);
    });

    test('former bytes of the parent are mined: the child comes to nothing, and its other coins and its reservations are free', async () => {
      await stuck('0.00003565');
      const [first, to] = [
        await txidOf('w1'),
        (await house.rows<{ address: string }>('SELECT address FROM withdrawals'))[0]?.address ?? '',
      ];
      const bytes = await raw(first);
      await until(
        'replaced once',
        async () => (await txidOf('w1')) !== first,
        () => house.mineEmpty(),
      );
      await until('known', async () => (await waiting()).includes(await txidOf('w1')));
      const { txid } = await child();
      await house.stop();
      await house.mineOnly([bytes]);
      expect(await waiting()).not.toContain(txid);
      await house.mine(N);
      await house.start();
      await house.confirmed('w1');
      await until('given up', async () => (await transaction('cpfp'))?.state === 'FAILED');
      expect([await txidOf('w1'), await paidBy(house.node.url, first, to)]).toEqual([
        first,
        formatAmount(parseAmount('0.5') - parseAmount('0.00003565')),
      ]);
      await house.booksAreTheChain();
      expect(
        await house.rows(
          'SELECT amount FROM coins WHERE spent_by IS NULL AND height IS NOT NULL AND branch = 1 AND amount = 0.01',
        ),
      ).toHaveLength(1);
    });

    test('where approvals forbid a higher fee, the child pays: nobody has to approve what comes back to us', async () => {
      await house.start(
        {},
        {
          signCoins: async (intent: CoinIntent) => {
            if (intent.purpose === 'withdrawal' && intent.intentId.includes('#'))
              throw new DomainError('FORBIDDEN', { signer: 'it would cost more than was approved' });
            return house.signer.signCoins(intent);
          },
        },
      );
      await house.funded('0.5');
      await house.operatorFunds('0.01');
      await house.withdraw('w1', strangersAddress(), '0.1');
      await onItsWay('w1');
      const parent = await txidOf('w1');
      await child();
      await house.confirmed('w1');
      await house.booksAreTheChain();
      expect([await txidOf('w1'), (await transaction('cpfp'))?.state]).toEqual([parent, 'CONFIRMED']);
    });

    test('E14 killed after it was planned, and before it was sent: there is one child, and both are mined', async () => {
      await stuck('0.00002665');
      await house.stop();
      const asked = new Set<string>();
      for (const life of ['planned', 'signed'] as const) {
        let reached = false;
        await house.start(
          {},
          {
            signCoins: async (intent: CoinIntent) => {
              if (intent.purpose === 'cpfp') reached = true;
              if (intent.purpose === 'cpfp' && life === 'planned') throw new Error('the signer is away');
              const signed = await house.signer.signCoins(intent);
              if (intent.purpose === 'cpfp') asked.add(signed.txid);
              if (intent.purpose === 'cpfp') void house.wallets?.stop();
              return signed;
            },
          },
        );
        await until(
          life,
          async () => reached && (await transaction('cpfp'))?.state === life.toUpperCase(),
          () => house.mineEmpty(),
        );
        await house.stop();
      }
      await house.start();
      await house.confirmed('w1');
      await house.booksAreTheChain();
      expect([...asked]).toEqual([(await transaction('cpfp'))?.txid]);
    });
  });

  test('a node that calls our fee too low: it is replaced at a higher one, as if it waited there', async () => {
    const node = await proxyOf(house.node.url);
    try {
      let first: unknown;
      node.refuse = ({ method, params }) => {
        if (method !== 'sendrawtransaction') return undefined;
        first ??= params[0];
        return params[0] === first ? { code: -26, message: 'mempool min fee not met, 700 < 1400' } : undefined;
      };
      await house.start({ rpcUrls: [node.url] });
      await house.funded('0.5');
      await house.operatorFunds('0.01');
      await house.withdraw('w1', strangersAddress(), '0.1');
      await until(
        'the node has another one',
        async () => (await waiting()).includes(await txidOf('w1')),
        () => house.mineEmpty(),
      );
      await house.confirmed('w1');
      await house.booksAreTheChain();
      expect(await house.rows("SELECT 1 FROM chain_transactions WHERE purpose = 'cpfp'")).toEqual([]);
    } finally {
      await house.stop();
      await node.close();
    }
  });

  describe('small coins', () => {
    const consolidating: Partial<NetworkConfig> = { consolidation: { at: 10, above: 5 } };
    const gathered = () => transaction('consolidation');

    test("are gathered while fees are low, the large ones stay; the cost is the operator's", async () => {
      await house.start();
      await house.funded('0.01', '0.01', '0.011', '0.012', '0.013', '0.014', '0.3', '0.4');
      await house.operatorFunds('0.02');
      await house.stop();
      await house.ask('setfeerate', 20_000);
      await house.start(consolidating);
      await house.catchUp();
      await pause(200);
      expect(await gathered()).toBeUndefined();
      await house.ask('setfeerate', 5000);
      await until('gathered', async () => (await gathered())?.state === 'BROADCAST');
      await house.booksAreTheChain();
      const { vin, vout } = await house.ask<{ vin: unknown[]; vout: unknown[] }>(
        'getrawtransaction',
        (await gathered())?.txid,
        true,
      );
      expect([vin.length, vout.length]).toEqual([7, 1]);
      expect(await house.rows("SELECT amount FROM deposits WHERE state = 'CREDITED' ORDER BY amount")).toEqual([
        { amount: expect.stringMatching(/^0\.30*$/) },
        { amount: expect.stringMatching(/^0\.40*$/) },
      ]);
      expect(await house.networkFees()).toBe(formatAmount(await paidIn('consolidation')));
      expect(await house.available('u1')).toBe('0.77');
      await house.withdraw('w1', strangersAddress(), '0.75');
      await house.confirmed('w1');
      await house.booksAreTheChain();
    });

    test("are left alone while somebody waits, and where the operator's position does not pay for it", async () => {
      await house.start();
      await house.funded('0.01', '0.01', '0.01', '0.01', '0.01', '0.01', '0.01');
      await house.stop();
      await house.start(consolidating);
      await until('told', async () =>
        house.alerts.some((event) => event.name === 'alert' && event.code === 'NEEDS_OPERATOR_FUNDS'),
      );
      expect((await gathered())?.state).toBe('VOID');
      await house.withdraw('w1', strangersAddress(), '0.05');
      await house.confirmed('w1');
      await house.booksAreTheChain();
    });
  });
});
