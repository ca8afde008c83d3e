/** An account is frozen after its payout was planned and before it was signed: nothing leaves, others are paid, and it goes on when it is opened again. */
import { NEW_ACCOUNT } from '../../db/entities/accounts';
import { insertUser, setFrozen } from '../../db/stores/users';
import type { Command } from '../../domain/contract/commands';
import type { Engine, Signer } from '../../domain/contract/ports';
import { strangersAddress } from '../emulators/bitcoin/faucet';
import { approvalOf } from '../stage/approve';
import { BitcoinHouse, noBitcoin } from '../stage/bitcoin-stage';
import { EvmHouse, until } from '../stage/evm-stage';

jest.setTimeout(120_000);

type House = Pick<EvmHouse, 'database'> & { readonly engine: Engine };
interface Asked {
  readonly asset: string;
  readonly network: string;
  readonly address: string;
  readonly amount: string;
  readonly fee: string;
}

const register = async ({ database }: House, ...ids: string[]): Promise<void> => {
  for (const id of ids)
    await insertUser(database.dataSource, {
      id,
      email: `${id}@example.org`,
      passwordHash: '',
      role: 'user',
      kycState: 'APPROVED',
      locale: 'en',
      createdAt: 1,
      ...NEW_ACCOUNT,
    });
};
const freeze = async ({ database }: House, id: string, frozenAt: number | null): Promise<void> =>
  expect(await setFrozen(database.dataSource.manager, id, frozenAt)).toBe(true);
const ask = async ({ engine }: House, userId: string, id: string, asked: Asked): Promise<void> => {
  await engine.submit({
    kind: 'withdrawal.request',
    reference: `withdrawal:${userId}:${id}`,
    withdrawalId: id,
    userId,
    ...asked,
  });
  await engine.submit(await approvalOf(engine, id, `approve:${id}`));
};
const grant = (house: House, userId: string, asset: string, amount: string) =>
  house.engine.submit({
    kind: 'operator.grant',
    reference: `grant:${userId}`,
    userId,
    asset,
    amount,
    why: 'test',
  } as Command);

/** A signer that is away at first, so that what is planned stays unsigned until `back`; and what it was asked for after that. */
function slowSigner(real: Signer) {
  const [seen, state] = [[] as string[], { away: true }];
  const when = async <T>(intentId: string, sign: () => Promise<T>): Promise<T> => {
    if (state.away) throw new Error('the signer is away');
    seen.push(intentId);
    return sign();
  };
  const signer: Signer = {
    identity: (network) => real.identity(network),
    sign: (intent) => when(intent.intentId, () => real.sign(intent)),
    signCoins: (intent) => when(intent.intentId, () => real.signCoins(intent)),
    signTron: (intent) => real.signTron(intent),
    judge: real.judge,
    approvers: real.approvers,
  };
  return { signer, seen, back: () => void (state.away = false) };
}

describe('an account that is frozen between plan and signature', () => {
  test("on a network of accounts: not signed, back in review, its nonce is the next one's; paid once it is open and approved again", async () => {
    const house = await EvmHouse.open();
    try {
      await register(house, 'u1', 'u2');
      await house.operatorFunds('10');
      for (const userId of ['u1', 'u2']) await grant(house, userId, 'ETH', '2');
      const [mine, others] = [
        '0x00000000000000000000000000000000000000a1',
        '0x00000000000000000000000000000000000000b2',
      ] as const;
      const asked = { asset: 'ETH', network: 'ethereum', amount: '1', fee: '0.003' };
      const { signer, seen, back } = slowSigner(house.signer);
      await house.start({}, signer);
      await ask(house, 'u1', 'w1', { ...asked, address: mine });
      const planned = async (state: string): Promise<boolean> =>
        (await house.rows("SELECT 1 FROM chain_transactions WHERE id = 'withdrawal:w1:0' AND state = ?", [state]))
          .length === 1;
      await until('planned', () => planned('PLANNED'));
      await freeze(house, 'u1', 5);
      back();
      await ask(house, 'u2', 'w2', { ...asked, address: others });
      await house.confirmed('w2');
      await until('in review', async () => (await house.stateOf('w1')) === 'REQUESTED');
      expect([await planned('VOID'), seen, house.codes()]).toEqual([true, ['withdrawal:w2:0'], ['PAYOUT_FAILED']]);
      expect([await house.onChain(mine, 'ETH'), await house.onChain(others, 'ETH')]).toEqual([0n, 10n ** 18n]);
      // Approved, by whoever may: it still waits for the account to be opened.
      await house.engine.submit(await approvalOf(house.engine, 'w1', 'again:w1'));
      await house.mine(3);
      await house.catchUp();
      expect([await house.stateOf('w1'), seen]).toEqual(['APPROVED', ['withdrawal:w2:0']]);
      await freeze(house, 'u1', null);
      await house.confirmed('w1');
      expect([await house.onChain(mine, 'ETH'), seen]).toEqual([10n ** 18n, ['withdrawal:w2:0', 'withdrawal:w1:1']]);
      await house.booksAreTheChain();
    } finally {
      await house.close();
    }
  });

  const absent = noBitcoin();
  if (absent) process.stderr.write(`${absent}\n`);
  (absent ? test.skip : test)(
    'in a batch: the batch is given up unsigned, the other one in it is paid by the next',
    async () => {
      const house = await BitcoinHouse.open();
      try {
        await register(house, 'u1', 'u2');
        await house.start();
        await house.funded('0.5', '0.4');
        await house.operatorFunds('0.5');
        await grant(house, 'u2', 'BTC', '0.4');
        await house.stop();
        const asked = { asset: 'BTC', network: 'bitcoin', amount: '0.2', fee: '0.0005' };
        await ask(house, 'u1', 'w1', { ...asked, address: strangersAddress() });
        await ask(house, 'u2', 'w2', { ...asked, address: strangersAddress() });
        const { signer, seen, back } = slowSigner(house.signer);
        await house.start({}, signer);
        const first = await until(
          'planned',
          async () =>
            (await house.rows<{ id: string }>("SELECT id FROM chain_transactions WHERE state = 'PLANNED'"))[0]?.id,
        );
        expect(
          await house.rows('SELECT withdrawal_id AS id FROM batch_payments WHERE transaction_id = ? ORDER BY id', [
            first,
          ]),
        ).toEqual([{ id: 'w1' }, { id: 'w2' }]);
        await freeze(house, 'u1', 5);
        back();
        await house.confirmed('w2');
        expect([
          (await house.withdrawal('w1')).state,
          (await house.withdrawal('w1')).txid,
          seen.includes(first),
        ]).toEqual(['REQUESTED', null, false]);
        await freeze(house, 'u1', null);
        await house.engine.submit(await approvalOf(house.engine, 'w1', 'again:w1'));
        await house.confirmed('w1');
        expect(seen).toHaveLength(2);
        await house.booksAreTheChain();
      } finally {
        await house.close();
      }
    },
  );
});
