/**
 * An account is frozen after its payout was planned and before it was signed: nothing leaves, others are paid, and it
 * goes on when it is opened again.
 */
import { NEW_ACCOUNT } from '../../db/entities/accounts';
import { insertUser, setFrozen } from '../../db/stores/users';
import type { Command } from '../../domain/contract/commands';
import type { Engine, Signer } from '../../domain/contract/ports';
import { strangersAddress } from '../emulators/bitcoin/faucet';
import { approvalOf } from '../stage/approve';
import { BitcoinStage, noBitcoin } from '../stage/bitcoin-stage';
import { EvmStage, until } from '../stage/evm-stage';

jest.setTimeout(120_000);

type House = Pick<EvmStage, 'database'> & { readonly engine: Engine };
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
const grant = (stage: House, userId: string, asset: string, amount: string) =>
  stage.engine.submit({
    kind: 'operator.grant',
    reference: `grant:${userId}`,
    userId,
    asset,
    amount,
    why: 'test',
  } as Command);

/**
 * A signer that is away at first, so that what is planned stays unsigned until `back`; and what it was asked for after
 * that.
 */
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
    signUtxo: (intent) => when(intent.intentId, () => real.signUtxo(intent)),
    signTron: (intent) => real.signTron(intent),
    changePasskey: real.changePasskey,
    droppedPasskeys: real.droppedPasskeys,
    judge: real.judge,
    approvers: real.approvers,
  };
  return { signer, seen, back: () => void (state.away = false) };
}

describe('an account that is frozen between plan and signature', () => {
  test(
    "on a network of accounts: not signed, back in review, its nonce is the next one's; paid " +
      'once it is open and approved again',
    async () => {
      const stage = await EvmStage.open();
      try {
        await register(stage, 'u1', 'u2');
        await stage.operatorFunds('10');
        for (const userId of ['u1', 'u2']) await grant(stage, userId, 'ETH', '2');
        const [mine, others] = [
          '0x00000000000000000000000000000000000000a1',
          '0x00000000000000000000000000000000000000b2',
        ] as const;
        const asked = { asset: 'ETH', network: 'ethereum', amount: '1', fee: '0.003' };
        const { signer, seen, back } = slowSigner(stage.signer);
        await stage.start({}, signer);
        await ask(stage, 'u1', 'w1', { ...asked, address: mine });
        const planned = async (state: string): Promise<boolean> =>
          (await stage.rows("SELECT 1 FROM chain_transactions WHERE id = 'withdrawal:w1:0' AND state = ?", [state]))
            .length === 1;
        await until('planned', () => planned('PLANNED'));
        await freeze(stage, 'u1', 5);
        back();
        await ask(stage, 'u2', 'w2', { ...asked, address: others });
        await stage.confirmed('w2');
        await until('in review', async () => (await stage.stateOf('w1')) === 'REQUESTED');
        expect([await planned('VOID'), seen, stage.codes()]).toEqual([true, ['withdrawal:w2:0'], ['PAYOUT_FAILED']]);
        expect([await stage.onChain(mine, 'ETH'), await stage.onChain(others, 'ETH')]).toEqual([0n, 10n ** 18n]);
        // Approved, by whoever may: it still waits for the account to be opened.
        await stage.engine.submit(await approvalOf(stage.engine, 'w1', 'again:w1'));
        await stage.mine(3);
        await stage.catchUp();
        expect([await stage.stateOf('w1'), seen]).toEqual(['APPROVED', ['withdrawal:w2:0']]);
        await freeze(stage, 'u1', null);
        await stage.confirmed('w1');
        expect([await stage.onChain(mine, 'ETH'), seen]).toEqual([10n ** 18n, ['withdrawal:w2:0', 'withdrawal:w1:1']]);
        await stage.booksAreTheChain();
      } finally {
        await stage.close();
      }
    },
  );

  const absent = noBitcoin();
  if (absent) process.stderr.write(`${absent}\n`);
  (absent ? test.skip : test)(
    'in a batch: the batch is given up unsigned, the other one in it is paid by the next',
    async () => {
      const stage = await BitcoinStage.open();
      try {
        await register(stage, 'u1', 'u2');
        await stage.start();
        await stage.funded('0.5', '0.4');
        await stage.operatorFunds('0.5');
        await grant(stage, 'u2', 'BTC', '0.4');
        await stage.stop();
        const asked = { asset: 'BTC', network: 'bitcoin', amount: '0.2', fee: '0.0005' };
        await ask(stage, 'u1', 'w1', { ...asked, address: strangersAddress() });
        await ask(stage, 'u2', 'w2', { ...asked, address: strangersAddress() });
        const { signer, seen, back } = slowSigner(stage.signer);
        await stage.start({}, signer);
        const first = await until(
          'planned',
          async () =>
            (await stage.rows<{ id: string }>("SELECT id FROM chain_transactions WHERE state = 'PLANNED'"))[0]?.id,
        );
        expect(
          await stage.rows('SELECT withdrawal_id AS id FROM batch_payments WHERE transaction_id = ? ORDER BY id', [
            first,
          ]),
        ).toEqual([{ id: 'w1' }, { id: 'w2' }]);
        await freeze(stage, 'u1', 5);
        back();
        await stage.confirmed('w2');
        expect([
          (await stage.withdrawal('w1')).state,
          (await stage.withdrawal('w1')).txid,
          seen.includes(first),
        ]).toEqual(['REQUESTED', null, false]);
        await freeze(stage, 'u1', null);
        await stage.engine.submit(await approvalOf(stage.engine, 'w1', 'again:w1'));
        await stage.confirmed('w1');
        expect(seen).toHaveLength(2);
        await stage.booksAreTheChain();
      } finally {
        await stage.close();
      }
    },
  );
});
