/**
 * What becomes of our own coins on a real node: change that is spent early, a child that pays for its parent, small
 * coins that are gathered.
 */
import { DomainError } from '../../domain/contract/errors';
import type { UtxoIntent } from '../../domain/contract/ports';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import type { NetworkConfig } from '../../wallets';
import { paidBy, strangersAddress } from '../emulators/bitcoin/faucet';
import { BitcoinStage, N, noBitcoin, others } from '../stage/bitcoin-stage';
import { pause, until } from '../stage/evm-stage';
import { proxyOf } from '../stage/node-proxy';

jest.setTimeout(120_000);

const absent = noBitcoin();
if (absent) process.stderr.write(`${absent}\n`);
const onNode = absent ? describe.skip : describe;

onNode('our own coins', () => {
  let stage: BitcoinStage;
  beforeEach(async () => {
    stage = await BitcoinStage.open();
  });
  afterEach(() => stage.close());

  const txidOf = async (id: string): Promise<string> => (await stage.withdrawal(id)).txid ?? '';
  const stateOf = async (id: string): Promise<string> => (await stage.withdrawal(id)).state;
  const raw = (txid: string): Promise<string> => stage.ask<string>('getrawtransaction', txid);
  const waiting = (): Promise<string[]> => stage.ask<string[]>('getrawmempool');
  const inBlock = async (txid: string): Promise<string | undefined> =>
    (await stage.ask<{ blockhash?: string }>('getrawtransaction', txid, true)).blockhash;
  const transaction = async (
    purpose: string,
  ): Promise<{ id: string; state: string; txid: string; paid: string | null } | undefined> =>
    (
      await stage.rows<{ id: string; state: string; txid: string; paid: string | null }>(
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
    test(
      'is spent after one block; a reorganisation puts both back, and both are paid; what has a ' +
        'child is not replaced, the child is',
      async () => {
        await stage.start();
        await stage.funded('0.5');
        await stage.operatorFunds('0.01');
        await stage.withdraw('w1', strangersAddress(), '0.1');
        await onItsWay('w1');
        await stage.withdraw('w2', strangersAddress(), '0.3');
        await until('waits for the change', async () => (await stage.withdrawal('w2')).reason === 'AWAITING_CHANGE');
        await stage.mine();
        await onItsWay('w2');
        expect([await stateOf('w1'), await stage.rows('SELECT 1 FROM venue_transfers')]).toEqual(['BROADCAST', []]);
        const [first, second] = [await txidOf('w1'), await txidOf('w2')];
        await stage.ask('invalidateblock', await stage.ask<string>('getbestblockhash'));
        await until(
          'the child is replaced',
          async () => (await txidOf('w2')) !== second,
          () => stage.mineEmpty(),
        );
        expect(await txidOf('w1')).toBe(first);
        await stage.confirmed('w1');
        await stage.confirmed('w2');
        expect(await txidOf('w1')).toBe(first);
        await stage.booksAreTheChain();
      },
    );

    test('E12 of a transaction that was replaced waits for every block: its former bytes may be mined instead', async () => {
      await stage.start();
      await stage.funded('0.5');
      await stage.operatorFunds('0.01');
      await stage.withdraw('w1', strangersAddress(), '0.1');
      await onItsWay('w1');
      const [first, bytes] = [await txidOf('w1'), await raw(await txidOf('w1'))];
      // One block and a whole round after the other: replaced once, and not again before it is mined.
      await until(
        'replaced',
        async () => (await txidOf('w1')) !== first,
        async () => {
          await stage.mineEmpty();
          await stage.catchUp();
        },
      );
      await until('known', async () => (await waiting()).includes(await txidOf('w1')));
      await stage.mine();
      await stage.withdraw('w2', strangersAddress(), '0.3');
      await until('waits', async () => (await stage.withdrawal('w2')).reason === 'AWAITING_CHANGE');
      await stage.catchUp();
      expect(await stateOf('w2')).toBe('WAITING_FUNDS');
      // And so it comes: nothing was built on the one that is gone.
      await stage.ask('invalidateblock', await stage.ask<string>('getbestblockhash'));
      await stage.mineOnly([bytes]);
      await stage.confirmed('w1');
      await stage.confirmed('w2');
      expect(await txidOf('w1')).toBe(first);
      await stage.booksAreTheChain();
    });
  });

  describe('a child pays for its parent', () => {
    /**
     * Five coins for one payment, so that what comes back is too little for a higher fee; `fee`: what is left of them.
     */
    const stuck = async (fee: string, signing: Parameters<BitcoinStage['start']>[1] = {}): Promise<void> => {
      await stage.start({}, signing);
      await stage.funded('0.1', '0.1', '0.1', '0.1', '0.1');
      await stage.operatorFunds('0.01');
      await stage.withdraw('w1', strangersAddress(), formatAmount(parseAmount('0.5') - parseAmount(fee)), fee);
      await onItsWay('w1');
    };
    const child = (): Promise<{ id: string; txid: string }> =>
      until(
        'there is a child',
        async () => {
          const row = await transaction('cpfp');
          return row && row.state === 'BROADCAST' && (await waiting()).includes(row.txid) && row;
        },
        () => stage.mineEmpty(),
      );

    test("where its change does not: both are mined before dearer ones of others, and the cost is the operator's", async () => {
      const coins = [];
      for (let at = 30; at < 38; at++) coins.push(await stage.othersCoin(at, '0.2'));
      let lost = 0;
      await stuck('0.00002665', {
        // The first answer is lost: asked again, it is the same child.
        signUtxo: async (intent: UtxoIntent) => {
          const signed = await stage.signer.signUtxo(intent);
          if (intent.purpose === 'cpfp' && lost++ === 0) throw new Error('the signer is away');
          return signed;
        },
      });
      const parent = await txidOf('w1');
      for (const coin of coins)
        await stage.ask(
          'sendrawtransaction',
          (await stage.othersPay(coin, [{ script: others.own(0, 1).script, value: 1_000_000n }], 6000n)).rawTransaction,
        );
      // A block with room for a few: the parent alone has to wait.
      const ROOM = 6600;
      await stage.ask('mine', ROOM);
      expect([await inBlock(parent), (await waiting()).length > 3]).toEqual([undefined, true]);
      const { txid, id } = await child();
      expect(id).toMatch(/^cpfp:batch:/);
      await stage.ask('mine', ROOM);
      const block = await inBlock(parent);
      expect([block === undefined, await inBlock(txid), (await waiting()).length > 0]).toEqual([false, block, true]);
      await stage.confirmed('w1');
      await stage.booksAreTheChain();
      expect([await txidOf('w1'), (await transaction('cpfp'))?.state, lost > 1]).toEqual([parent, 'CONFIRMED', true]);
      expect(await stage.networkFees()).toBe(formatAmount((await paidIn('cpfp')) + (await paidIn('withdrawal'))));
    });

    test('the parent is mined first: the child is mined after it; stuck itself, the child is replaced', async () => {
      await stuck('0.00002665');
      const parent = await txidOf('w1');
      const { id, txid } = await child();
      await stage.mineOnly([await raw(parent)]);
      await until(
        'the child is replaced',
        async () => (await stage.rows('SELECT 1 FROM chain_transactions WHERE id = ?', [`${id}#1`])).length === 1,
        () => stage.mineEmpty(),
      );
      await until('known', async () => (await waiting()).includes((await transaction('cpfp'))?.txid ?? ''));
      await stage.confirmed('w1');
      await stage.booksAreTheChain();
      expect([(await transaction('cpfp'))?.state, (await transaction('cpfp'))?.txid === txid]).toEqual([
        'CONFIRMED',
        false,
      ]);
    });

    test(
      'former bytes of the parent are mined: the child comes to nothing, and its other coins and ' +
        'its reservations are free',
      async () => {
        await stuck('0.00003565');
        const [first, to] = [
          await txidOf('w1'),
          (await stage.rows<{ address: string }>('SELECT address FROM withdrawals'))[0]?.address ?? '',
        ];
        const bytes = await raw(first);
        await until(
          'replaced once',
          async () => (await txidOf('w1')) !== first,
          () => stage.mineEmpty(),
        );
        await until('known', async () => (await waiting()).includes(await txidOf('w1')));
        const { txid } = await child();
        await stage.stop();
        await stage.mineOnly([bytes]);
        expect(await waiting()).not.toContain(txid);
        await stage.mine(N);
        await stage.start();
        await stage.confirmed('w1');
        await until('given up', async () => (await transaction('cpfp'))?.state === 'FAILED');
        expect([await txidOf('w1'), await paidBy(stage.node.url, first, to)]).toEqual([
          first,
          formatAmount(parseAmount('0.5') - parseAmount('0.00003565')),
        ]);
        await stage.booksAreTheChain();
        expect(
          await stage.rows(
            'SELECT amount FROM utxos WHERE spent_by IS NULL AND height IS NOT NULL AND branch = 1 AND amount = 0.01',
          ),
        ).toHaveLength(1);
      },
    );

    test('where approvals forbid a higher fee, the child pays: nobody has to approve what comes back to us', async () => {
      await stage.start(
        {},
        {
          signUtxo: async (intent: UtxoIntent) => {
            if (intent.purpose === 'withdrawal' && intent.intentId.includes('#'))
              throw new DomainError('FORBIDDEN', { signer: 'it would cost more than was approved' });
            return stage.signer.signUtxo(intent);
          },
        },
      );
      await stage.funded('0.5');
      await stage.operatorFunds('0.01');
      await stage.withdraw('w1', strangersAddress(), '0.1');
      await onItsWay('w1');
      const parent = await txidOf('w1');
      await child();
      await stage.confirmed('w1');
      await stage.booksAreTheChain();
      expect([await txidOf('w1'), (await transaction('cpfp'))?.state]).toEqual([parent, 'CONFIRMED']);
    });

    test('E14 killed after it was planned, and before it was sent: there is one child, and both are mined', async () => {
      await stuck('0.00002665');
      await stage.stop();
      const asked = new Set<string>();
      for (const life of ['planned', 'signed'] as const) {
        let reached = false;
        await stage.start(
          {},
          {
            signUtxo: async (intent: UtxoIntent) => {
              if (intent.purpose === 'cpfp') reached = true;
              if (intent.purpose === 'cpfp' && life === 'planned') throw new Error('the signer is away');
              const signed = await stage.signer.signUtxo(intent);
              if (intent.purpose === 'cpfp') asked.add(signed.txid);
              if (intent.purpose === 'cpfp') void stage.wallets?.stop();
              return signed;
            },
          },
        );
        await until(
          life,
          async () => reached && (await transaction('cpfp'))?.state === life.toUpperCase(),
          () => stage.mineEmpty(),
        );
        await stage.stop();
      }
      await stage.start();
      await stage.confirmed('w1');
      await stage.booksAreTheChain();
      expect([...asked]).toEqual([(await transaction('cpfp'))?.txid]);
    });
  });

  test('a node that calls our fee too low: it is replaced at a higher one, as if it waited there', async () => {
    const node = await proxyOf(stage.node.url);
    try {
      let first: unknown;
      node.refuse = ({ method, params }) => {
        if (method !== 'sendrawtransaction') return undefined;
        first ??= params[0];
        return params[0] === first ? { code: -26, message: 'mempool min fee not met, 700 < 1400' } : undefined;
      };
      await stage.start({ rpcUrls: [node.url] });
      await stage.funded('0.5');
      await stage.operatorFunds('0.01');
      await stage.withdraw('w1', strangersAddress(), '0.1');
      await until(
        'the node has another one',
        async () => (await waiting()).includes(await txidOf('w1')),
        () => stage.mineEmpty(),
      );
      await stage.confirmed('w1');
      await stage.booksAreTheChain();
      expect(await stage.rows("SELECT 1 FROM chain_transactions WHERE purpose = 'cpfp'")).toEqual([]);
    } finally {
      await stage.stop();
      await node.close();
    }
  });

  describe('small coins', () => {
    const consolidating: Partial<NetworkConfig> = { consolidation: { at: 10, above: 5 } };
    const gathered = () => transaction('consolidation');

    test("are gathered while fees are low, the large ones stay; the cost is the operator's", async () => {
      await stage.start();
      await stage.funded('0.01', '0.01', '0.011', '0.012', '0.013', '0.014', '0.3', '0.4');
      await stage.operatorFunds('0.02');
      await stage.stop();
      await stage.ask('setfeerate', 20_000);
      await stage.start(consolidating);
      await stage.catchUp();
      await pause(200);
      expect(await gathered()).toBeUndefined();
      await stage.ask('setfeerate', 5000);
      await until('gathered', async () => (await gathered())?.state === 'BROADCAST');
      await stage.booksAreTheChain();
      const { vin, vout } = await stage.ask<{ vin: unknown[]; vout: unknown[] }>(
        'getrawtransaction',
        (await gathered())?.txid,
        true,
      );
      expect([vin.length, vout.length]).toEqual([7, 1]);
      expect(await stage.rows("SELECT amount FROM deposits WHERE state = 'CREDITED' ORDER BY amount")).toEqual([
        { amount: expect.stringMatching(/^0\.30*$/) },
        { amount: expect.stringMatching(/^0\.40*$/) },
      ]);
      expect(await stage.networkFees()).toBe(formatAmount(await paidIn('consolidation')));
      expect(await stage.available('u1')).toBe('0.77');
      await stage.withdraw('w1', strangersAddress(), '0.75');
      await stage.confirmed('w1');
      await stage.booksAreTheChain();
    });

    test("are left alone while somebody waits, and where the operator's position does not pay for it", async () => {
      await stage.start();
      await stage.funded('0.01', '0.01', '0.01', '0.01', '0.01', '0.01', '0.01');
      await stage.stop();
      await stage.start(consolidating);
      await until('told', async () =>
        stage.alerts.some((event) => event.name === 'alert' && event.code === 'NEEDS_OPERATOR_FUNDS'),
      );
      expect((await gathered())?.state).toBe('VOID');
      await stage.withdraw('w1', strangersAddress(), '0.05');
      await stage.confirmed('w1');
      await stage.booksAreTheChain();
    });
  });
});
