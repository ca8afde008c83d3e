/**
 * Coins sent over another network than the one whose address was shown: the commonest mistake of people who deposit.
 */
import { spawnSync } from 'node:child_process';
import { NEW_ACCOUNT } from '../../db/entities/accounts';
import { insertUser } from '../../db/stores/users';
import { stranger } from '../emulators/evm/stranger';
import type { Stranger } from '../emulators/evm/stranger';
import { ROOT } from '../../deploy/config/paths';
import { EvmStage, N, until } from '../stage/evm-stage';

let stage: EvmStage;
let bsc: Stranger;
beforeEach(async () => {
  stage = await EvmStage.open({ second: true });
  bsc = stranger(stage.bsc as NonNullable<typeof stage.bsc>);
});
afterEach(() => stage.close());

const command = (...words: string[]) =>
  spawnSync(process.execPath, ['--import', 'tsx', 'deploy/cli/deposit.ts', '--json', ...words], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, DATABASE_URL: stage.database.url },
  });
const account = (id: string) =>
  insertUser(stage.database.dataSource, {
    id,
    email: `${id}@example.org`,
    passwordHash: '',
    role: 'user',
    kycState: 'APPROVED',
    locale: 'en',
    createdAt: 1,
    ...NEW_ACCOUNT,
  });
const heldIds = async (): Promise<string[]> =>
  (await stage.rows<{ id: string }>("SELECT id FROM deposits WHERE state = 'HELD'")).map(({ id }) => id);

test.each([
  ['with traces', true],
  ['by balances', false],
] as const)(
  '%s: paid on BSC to the address that was shown for Ethereum, the owner is credited and nobody else',
  async (_, traces) => {
    await stage.start({ traces });
    // Counted per network, the second user's address there would be the first one's here.
    const [x, y] = [await stage.addressOf('x'), await stage.addressOf('y', 'bsc')];
    await bsc.ether(x, '2');
    await bsc.ether(y, '3');
    await until(
      'both are credited',
      async () => (await stage.available('x', 'BNB')) === '2' && (await stage.available('y', 'BNB')) === '3',
      () => bsc.mine(),
    );
    expect(await stage.addressOf('x', 'bsc')).toBe(x);
    expect(await stage.addressOf('y')).toBe(y);
    expect(x).not.toBe(y);
  },
);

test(
  "an address of before that is two users' on two networks: what comes there is held, a " +
    'person says whose it is, and that user is credited once',
  async () => {
    for (const id of ['x', 'y', 'z']) await account(id);
    await stage.start();
    const shared = await stage.addressOf('x');
    await stage.stop();
    // As it was issued when numbers were counted per network.
    await stage.rows("UPDATE deposit_addresses SET user_id = 'y' WHERE network = 'bsc' AND address = ?", [shared]);
    await stage.rows('UPDATE child_numbers SET user_id = NULL');
    await stage.start();
    expect(await stage.addressOf('x')).not.toBe(shared);
    // Nor does a withdrawal settle inside with one of the two; it does with whoever has a new one.
    await expect(stage.wallets?.addressCheck.check('bsc', 'BNB', shared)).rejects.toMatchObject({
      code: 'ADDRESS_DENIED',
    });
    const fresh = await stage.addressOf('x');
    await until('known there too', async () => (await stage.wallets?.addressCheck.check('bsc', 'BNB', fresh))?.inside);
    await bsc.ether(shared, '2');
    await bsc.mine(N + 2);
    const [id = ''] = await until(
      'held',
      async () => (await heldIds()).length === 1 && heldIds(),
      () => bsc.mine(),
    );
    expect(stage.alerts.filter((alert) => 'code' in alert && alert.code === 'DEPOSIT_HELD')).toMatchObject([
      { details: { depositId: id, network: 'bsc', owner: 'y', others: ['x'] } },
    ]);
    expect(command().stdout).toContain('"owners":["y@example.org","x@example.org"]');
    const release = (to: string) => command(id, '--to', `${to}@example.org`, '--why', 'showed the transaction').status;
    expect(release('z')).toBe(1);
    await stage.stop();
    await stage.start();
    await bsc.mine(N);
    expect(await heldIds()).toEqual([id]);
    expect([release('x'), release('x'), command().stdout.trim()]).toEqual([0, 1, '{"held":0}']);
    await until(
      'credited',
      async () => (await stage.available('x', 'BNB')) === '2',
      () => bsc.mine(),
    );
    expect(await stage.available('y', 'BNB')).toBe('0');
    expect(await stage.rows('SELECT action, subject FROM admin_audit')).toEqual([
      { action: 'deposit.released', subject: id },
    ]);
  },
);
