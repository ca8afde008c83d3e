/**
 * Ten thousand deposit addresses on a node that does not trace: in bounded requests, and each address within a stated
 * number of rounds.
 */
import { randomBytes } from 'node:crypto';
import { canonicalAddress } from '../../wallets/chains/evm';
import { A_ROUND } from '../../wallets/deposits/balances';
import { addressFrom } from '../../wallets/keys/addresses';
import { EvmStage, N, until } from '../stage/evm-stage';
import { proxyOf } from '../stage/node-proxy';
import type { Call } from '../stage/node-proxy';

/** Of the watch alone: a sweep asks for the newest balance, and of its own address. */
const looks = ({ method, params }: Call): boolean => method === 'eth_getBalance' && typeof params[1] === 'object';

jest.setTimeout(240_000);

const ADDRESSES = 10_000;
/** The most calls in one request; what services refuse begins well above it. */
const A_REQUEST = 20;

test(
  'coins that a contract pays to any of ten thousand addresses are credited within so many ' +
    'rounds as all of them take, in small requests',
  async () => {
    const stage = await EvmStage.open();
    const node = await proxyOf(stage.anvil.url);
    try {
      // Keys are not what is looked at here: those between the first and the last are anybody's.
      const ours = addressFrom((await stage.signer.identity('ethereum')).depositXpub);
      const addresses = Array.from({ length: ADDRESSES }, (_, at) =>
        at === 0 || at === ADDRESSES - 1 ? ours(at) : (canonicalAddress(`0x${randomBytes(20).toString('hex')}`) ?? ''),
      );
      const rows = addresses.map((address, at) => ['ethereum', at, address, `user-${at}`, 0, at]);
      for (let at = 0; at < rows.length; at += 1000)
        await stage.database.dataSource.query(
          'INSERT INTO deposit_addresses (network, child_index, address, user_id, created_at, place) VALUES ?',
          [rows.slice(at, at + 1000)],
        );
      await stage.start({ rpcUrls: [node.url], traces: false });
      await stage.mine(N + 1);
      await stage.catchUp();
      const rounds = (): number => stage.wallets?.status()[0]?.rounds ?? 0;
      const all = ADDRESSES / A_ROUND;
      for (const paid of [
        [0, 4321, ADDRESSES - 1],
        [1, 199, 200, 7777],
      ]) {
        for (const at of paid) await stage.world.contractPays(addresses[at] ?? '', ['0.5']);
        await stage.mine(N);
        node.asked.length = node.batches.length = 0;
        const before = rounds();
        const areCredited = async (): Promise<boolean> =>
          (
            await stage.rows("SELECT 1 FROM deposits WHERE state = 'CREDITED' AND user_id IN (?)", [
              paid.map((at) => `user-${at}`),
            ])
          ).length === paid.length;
        // One that was under way when the blocks came, and the one in which the last is credited. Counted in rounds,
        // however long one takes.
        while (rounds() < before + all + 2 && !(await areCredited())) {
          const now = rounds();
          await until('another round', async () => rounds() > now);
        }
        const took = rounds() - before;
        expect([took, await areCredited()]).toEqual([took, true]);
        expect(node.asked.filter(looks).length).toBeLessThanOrEqual(A_ROUND * (took + 2));
        expect(node.batches.reduce((most, size) => (size > most ? size : most), 0)).toBeLessThanOrEqual(A_REQUEST);
        for (const at of paid) expect(await stage.available(`user-${at}`, 'ETH')).toBe('0.5');
      }
      // Looked at, all of them, for one block: nothing more is asked until there is another.
      await until('all were looked at', async () => {
        node.asked.length = 0;
        const now = rounds();
        await until('two rounds', async () => rounds() >= now + 2);
        return !node.asked.some(looks);
      });
      expect((await stage.deposits()).length).toBe(7);
    } finally {
      await stage.close();
      await node.close();
    }
  },
);
