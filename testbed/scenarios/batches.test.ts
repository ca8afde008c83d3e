/** Withdrawals of Bitcoin go out in batches: on a real node, with the real signer, engine and database. */
import { createUtxoStore } from '../../db/stores/utxos';
import { DomainError } from '../../domain/contract/errors';
import type { UtxoIntent } from '../../domain/contract/ports';
import { formatAmount, parseAmount } from '../../domain/money/amount';
import { rulesOf } from '../../wallets/keys/testing';
import { paidBy, strangersAddress } from '../emulators/bitcoin/faucet';
import { BitcoinStage, N, noBitcoin } from '../stage/bitcoin-stage';
import { pause, until } from '../stage/evm-stage';
import { approvalOf } from '../stage/approve';

jest.setTimeout(120_000);

const absent = noBitcoin();
if (absent) process.stderr.write(`${absent}\n`);
const onNode = absent ? describe.skip : describe;

onNode('withdrawals of Bitcoin in batches', () => {
  let stage: BitcoinStage;
  const MUCH = '1000';
  /** Above 0.3 nobody lets a payout through but admins, and there are none. */
  const rules = rulesOf({ BTC: { auto: '0.3', autoDaily: MUCH, fourEyes: MUCH } });
  beforeEach(async () => {
    stage = await BitcoinStage.open({ rules });
  });
  afterEach(() => stage.close());

  interface Transaction {
    readonly id: string;
    readonly state: string;
    readonly txid: string;
    readonly paid: string | null;
  }
  const batches = (): Promise<Transaction[]> =>
    stage.rows<Transaction>(
      'SELECT id, state, txid, fee_paid AS paid FROM chain_transactions WHERE purpose = ' +
        "'withdrawal' AND id NOT LIKE '%#%' ORDER BY created_at, id",
    );
  const txidOf = async (id: string): Promise<string> => (await stage.withdrawal(id)).txid ?? '';
  const states = async (...ids: string[]): Promise<string[]> =>
    Promise.all(ids.map(async (id) => (await stage.withdrawal(id)).state));
  /** Asked for while the wallets rest, so that the next round finds all of them. */
  const asked = async (...payouts: [id: string, to: string, amount: string][]): Promise<void> => {
    await stage.stop();
    for (const [id, to, amount] of payouts) await stage.withdraw(id, to, amount);
  };
  const confirmed = async (...ids: string[]): Promise<void> => {
    for (const id of ids) await stage.confirmed(id);
  };
  /** What the chain says of a transaction: what its inputs were worth, less its outputs. */
  const minersGot = async (txid: string): Promise<string> => {
    type Shown = { vin: { txid: string; vout: number }[]; vout: { n: number; value: number }[] };
    const shown = (id: string): Promise<Shown> => stage.ask<Shown>('getrawtransaction', id, true);
    const satoshi = (value: number): bigint => parseAmount(value.toFixed(8));
    const { vin, vout } = await shown(txid);
    let sum = -vout.reduce((total, { value }) => total + satoshi(value), 0n);
    for (const { txid: maker, vout: at } of vin)
      sum += satoshi((await shown(maker)).vout.find(({ n }) => n === at)?.value ?? 0);
    return formatAmount(sum);
  };

  test(
    'all that wait go out in one transaction, two to one address as two outputs; each bears ' +
      'its part of what the miners got',
    async () => {
      await stage.start();
      await stage.funded('0.5', '0.4', '0.3');
      const [to, twice] = [strangersAddress(), strangersAddress()];
      await asked(['w1', to, '0.2'], ['w2', twice, '0.15'], ['w3', twice, '0.15'], ['w4', strangersAddress(), '0.25']);
      await stage.start();
      await until(
        'one is seen in a block',
        async () => Number((await stage.withdrawal('w3')).confirmations) > 0,
        () => stage.mine(),
      );
      expect(new Set(await Promise.all(['w1', 'w2', 'w3', 'w4'].map(txidOf))).size).toBe(1);
      await confirmed('w1', 'w2', 'w3', 'w4');
      const txid = await txidOf('w1');
      expect([await paidBy(stage.node.url, txid, to), await paidBy(stage.node.url, txid, twice)]).toEqual([
        '0.2',
        '0.3',
      ]);
      await stage.booksAreTheChain();
      const [only, ...more] = await batches();
      expect([more, only?.state, formatAmount(parseAmount(only?.paid ?? '0'))]).toEqual([
        [],
        'CONFIRMED',
        await minersGot(txid),
      ]);
      expect(await stage.networkFees()).toBe(await minersGot(txid));
    },
  );

  test(
    'E14 killed before it was signed, after the signature was lost, and before it was sent: ' +
      'the same transaction, each paid once',
    async () => {
      await stage.start();
      await stage.funded('0.5', '0.4');
      const [one, two] = [strangersAddress(), strangersAddress()];
      await asked(['w1', one, '0.3'], ['w2', two, '0.25']);
      const seen: string[] = [];
      for (const life of ['planned', 'lost', 'signed'] as const) {
        let reached = false;
        await stage.start(
          {},
          {
            signUtxo: async (intent) => {
              if (life === 'planned') reached = true;
              if (life === 'planned') throw new Error('the signer is away');
              const signed = await stage.signer.signUtxo(intent);
              seen.push(signed.txid);
              reached = true;
              if (life === 'lost') throw new Error('the signer is away');
              void stage.wallets?.stop();
              return signed;
            },
          },
        );
        await until(life, async () => reached && (life !== 'signed' || (await states('w1')).join() === 'SIGNED'));
        await stage.stop();
        expect([(await batches()).map(({ state }) => state), await stage.ask('getrawmempool')]).toEqual([
          [life === 'signed' ? 'SIGNED' : 'PLANNED'],
          [],
        ]);
        // What comes meanwhile goes by the next one.
        if (life === 'planned') await stage.withdraw('w3', two, '0.1');
      }
      await stage.start();
      await confirmed('w1', 'w2', 'w3');
      const [first, second] = [await txidOf('w1'), await txidOf('w3')];
      expect([new Set(seen), await txidOf('w2')]).toEqual([new Set([first]), first]);
      expect([
        await paidBy(stage.node.url, first, one),
        await paidBy(stage.node.url, first, two),
        await paidBy(stage.node.url, second, two),
      ]).toEqual(['0.3', '0.25', '0.1']);
      await stage.booksAreTheChain();
    },
  );

  test('E14 killed while it is settled: each member is settled once, and the sum is what the miners got', async () => {
    await stage.start();
    await stage.funded('0.5', '0.4');
    await asked(
      ['w1', strangersAddress(), '0.2'],
      ['w2', strangersAddress(), '0.25'],
      ['w3', strangersAddress(), '0.05'],
    );
    const submit = stage.engine.submit.bind(stage.engine);
    let settled = 0;
    const dying = jest.spyOn(stage.engine, 'submit').mockImplementation(async (command) => {
      if (command.kind === 'withdrawal.confirm' && ++settled === 2) {
        void stage.wallets?.stop();
        throw new Error('killed');
      }
      return submit(command);
    });
    await stage.start();
    await until(
      'one is settled',
      async () => settled === 2,
      () => stage.mine(),
    );
    await stage.stop();
    dying.mockRestore();
    expect((await states('w1', 'w2', 'w3')).filter((state) => state === 'CONFIRMED')).toHaveLength(1);
    await stage.start();
    await confirmed('w1', 'w2', 'w3');
    await stage.booksAreTheChain();
    expect(await stage.networkFees()).toBe(await minersGot(await txidOf('w1')));
  });

  test(
    'E29 the table itself refuses a second batch of one withdrawal, one that is not to be ' +
      'paid, and a coin of a batch that was replaced',
    async () => {
      await stage.start();
      await stage.funded('0.2', '0.2', '0.2');
      await stage.stop();
      const { dataSource } = stage.database;
      const store = createUtxoStore(dataSource);
      const [one, two] = (
        await stage.rows<{ txid: string; at: number }>('SELECT txid, output_index AS at FROM utxos')
      ).map(({ txid, at }) => ({ txid, index: at }));
      if (!one || !two) throw new Error('no coins');
      await stage.withdraw('w1', strangersAddress(), '0.1');
      const row = (id: string) => ({
        id,
        network: 'bitcoin',
        purpose: 'withdrawal' as const,
        subject: id,
        fromAddress: id,
        toAddress: '',
        asset: 'BTC',
        amount: '0.1',
        gasLimit: '1',
        maxFeePerGas: '1',
        maxPriorityFeePerGas: '1',
        reservation: null,
        createdAt: 1,
        updatedAt: 1,
      });
      const payment = { withdrawalId: 'w1', attempt: 0, address: 'a', amount: '0.1', reservation: null };
      await expect(store.plan(row('batch:x'), [one], [{ ...payment, attempt: 1 }])).rejects.toThrow('not to be paid');
      const live = await store.plan(row('batch:a'), [one], [payment]);
      await expect(store.plan(row('batch:b'), [two], [payment])).rejects.toThrow('one_live_batch');
      await expect(store.plan(row('batch:b'), [one], [])).rejects.toThrow('not free any more');
      expect([await store.void(live, 2, 'w1'), await store.void(live, 2, 'w1')]).toEqual([true, false]);
      await store.plan(row('batch:b'), [one], [payment]);
      await stage.rows(
        "INSERT INTO chain_transactions SELECT CONCAT(id, '#1'), network, purpose, subject, " +
          'from_address, to_address, asset, amount, nonce, gas_limit, max_fee_per_gas, ' +
          "max_priority_fee_per_gas, ?, '', NULL, 'VOID', NULL, NULL, 1, 1 FROM chain_transactions " +
          "WHERE id = 'batch:a'",
        [two.txid],
      );
      await expect(store.plan(row('batch:c'), [two], [])).rejects.toThrow('was replaced');
      expect(await stage.rows("SELECT id FROM chain_transactions WHERE state = 'PLANNED'")).toEqual([
        { id: 'batch:b' },
      ]);
    },
  );

  test('E12 stuck, it is replaced as a whole; whichever is mined is shown and booked to the satoshi', async () => {
    await stage.start();
    await stage.funded('0.5', '0.4');
    await stage.operatorFunds('0.01');
    await asked(['w1', strangersAddress(), '0.3'], ['w2', strangersAddress(), '0.25']);
    await stage.start();
    await until('on its way', async () => (await states('w1', 'w2')).join() === 'BROADCAST,BROADCAST');
    const first = await txidOf('w1');
    const raw = await stage.ask<string>('getrawtransaction', first);
    await until(
      'replaced',
      async () => (await txidOf('w1')) !== first,
      () => stage.mineEmpty(),
    );
    expect(await txidOf('w2')).toBe(await txidOf('w1'));
    const second = await txidOf('w1');
    await until('the node knows it', async () => (await stage.ask<string[]>('getrawmempool')).includes(second));
    await stage.stop();
    await stage.mineOnly([raw]);
    await stage.mine(N);
    await stage.start();
    await confirmed('w1', 'w2');
    expect([await txidOf('w1'), await txidOf('w2')]).toEqual([first, first]);
    await stage.booksAreTheChain();
    expect(await stage.networkFees()).toBe(await minersGot(first));
  });

  test('a reorganisation drops its block: sent again, mined again, paid once', async () => {
    await stage.start();
    await stage.funded('0.5');
    await asked(['w1', strangersAddress(), '0.1'], ['w2', strangersAddress(), '0.2']);
    await stage.start();
    await until('on its way', async () => (await stage.ask<string[]>('getrawmempool')).length === 1);
    const txid = await txidOf('w2');
    await stage.mine();
    await until('mined', async () => Number((await stage.withdrawal('w2')).confirmations) === 1);
    await stage.ask('invalidateblock', await stage.ask<string>('getbestblockhash'));
    await stage.mineEmpty(3);
    await stage.catchUp();
    expect(await states('w1', 'w2')).toEqual(['BROADCAST', 'BROADCAST']);
    await confirmed('w1', 'w2');
    expect([await txidOf('w1'), await txidOf('w2')]).toEqual([txid, txid]);
    await stage.booksAreTheChain();
  });

  test('one that admins did not approve is back in review, and the others are paid without it; its reservation is free', async () => {
    await stage.start();
    await stage.funded('0.5', '0.5', '0.5');
    await stage.operatorFunds('0.05');
    // So dear that no withdrawal's own fee bears its part.
    await stage.ask('setfeerate', 150_000);
    await asked(
      ['w1', strangersAddress(), '0.1'],
      ['w2', strangersAddress(), '0.4'],
      ['w3', strangersAddress(), '0.2'],
    );
    await stage.start();
    await until('back in review', async () => (await states('w2')).join() === 'REQUESTED');
    await confirmed('w1', 'w3');
    expect([await txidOf('w1'), (await batches()).map(({ state }) => state)]).toEqual([
      await txidOf('w3'),
      ['VOID', 'CONFIRMED'],
    ]);
    expect(
      stage.alerts.some(
        (event) =>
          event.name === 'alert' && event.code === 'SIGNER_REFUSED' && event.details?.payout === 'withdrawal:w2:0',
      ),
    ).toBe(true);
    await stage.booksAreTheChain();
    // Approved in the exchange again and again, the signer says no again: it never was paid.
    await stage.engine.submit(await approvalOf(stage.engine, 'w2', 'approve:w2:again'));
    await until(
      'refused again',
      async () =>
        (await stage.rows("SELECT 1 FROM withdrawals WHERE id = 'w2' AND state = 'REQUESTED' AND attempt = 2"))
          .length === 1,
    );
    await stage.booksAreTheChain();
  });

  test('refused for a reason that names no payout, it is halved until the one is alone', async () => {
    await stage.start();
    await stage.funded('0.5', '0.5', '0.5');
    const bad = strangersAddress();
    const sizes: number[] = [];
    const signUtxo = async (intent: UtxoIntent) => {
      sizes.push(intent.payments.length);
      if (intent.payments.some(({ to }) => to === bad)) throw new DomainError('FORBIDDEN', { signer: 'no' });
      return stage.signer.signUtxo(intent);
    };
    await asked(
      ['w1', strangersAddress(), '0.1'],
      ['w2', strangersAddress(), '0.1'],
      ['w3', strangersAddress(), '0.1'],
      ['w4', bad, '0.1'],
      ['w5', strangersAddress(), '0.1'],
    );
    await stage.start({}, { signUtxo });
    await until(
      'it is alone',
      async () => (await states('w4')).join() === 'REQUESTED',
      () => stage.mine(),
    );
    await confirmed('w1', 'w2', 'w3', 'w5');
    expect([sizes[0], sizes[1], sizes.includes(1)]).toEqual([5, 2, true]);
    await stage.booksAreTheChain();
  });

  test('an older one that waits for coins keeps what there is; what was there is not given to younger ones', async () => {
    await stage.start();
    await stage.funded('0.5', '0.4');
    await stage.engine.submit({
      kind: 'custody.move',
      reference: 'away',
      asset: 'BTC',
      amount: '0.7',
      from: 'deposit/bitcoin',
      to: 'transit',
    });
    await asked(
      ['w1', strangersAddress(), '0.1'],
      ['w2', strangersAddress(), '0.29'],
      ['w3', strangersAddress(), '0.05'],
    );
    await stage.start();
    await until('one is paid', async () => (await states('w1')).join() === 'BROADCAST');
    await stage.final();
    expect(await states('w1', 'w2', 'w3')).toEqual(['CONFIRMED', 'WAITING_FUNDS', 'WAITING_FUNDS']);
    await stage.engine.submit({
      kind: 'custody.move',
      reference: 'back',
      asset: 'BTC',
      amount: '0.7',
      from: 'transit',
      to: 'deposit/bitcoin',
    });
    await confirmed('w2', 'w3');
    expect(await txidOf('w2')).toBe(await txidOf('w3'));
    await stage.booksAreTheChain();
  });

  test('E29 two processes at once pay each withdrawal once', async () => {
    await stage.start();
    await stage.funded('0.5', '0.4', '0.3', '0.2');
    await stage.stop();
    await stage.start();
    const other = stage.another();
    await other.start();
    const to = Array.from({ length: 6 }, strangersAddress);
    try {
      for (const [at, address] of to.entries()) await stage.withdraw(`w${at}`, address, '0.1');
      await confirmed(...to.map((_, at) => `w${at}`));
    } finally {
      await other.stop();
    }
    const txids = [...new Set((await batches()).filter(({ state }) => state !== 'VOID').map(({ txid }) => txid))];
    for (const address of to) {
      const paid = await Promise.all(txids.map((txid) => paidBy(stage.node.url, txid, address)));
      expect(paid.reduce((sum, amount) => sum + parseAmount(amount || '0'), 0n)).toBe(parseAmount('0.1'));
    }
    await stage.booksAreTheChain();
  });

  test('an operator who gathers payouts: the next batch waits its time', async () => {
    await stage.start({ batchEveryMs: 3_600_000 });
    await stage.funded('0.3', '0.3', '0.3');
    await stage.withdraw('w1', strangersAddress(), '0.1');
    await confirmed('w1');
    await stage.withdraw('w2', strangersAddress(), '0.1');
    await stage.withdraw('w3', strangersAddress(), '0.1');
    await stage.mine(2);
    await stage.catchUp();
    await pause(200);
    expect(await states('w2', 'w3')).toEqual(['APPROVED', 'APPROVED']);
    await stage.stop();
    await stage.start();
    await confirmed('w2', 'w3');
    expect(await txidOf('w2')).toBe(await txidOf('w3'));
    await stage.booksAreTheChain();
  });
});
