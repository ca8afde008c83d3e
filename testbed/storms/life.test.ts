import { storm } from './life';

jest.setTimeout(600_000);

test('three kills while three users live: every life ends, the books are balanced, nothing is paid twice', async () => {
  const seed = Math.floor(Date.now() / 1000);
  process.stdout.write(`storm seed ${seed}\n`);
  const result = await storm({ kills: 3, users: 3, seed, say: () => undefined });
  expect(result).toMatchObject({ ended: 3, problems: [], faultsNeverFired: [], audit: { balanced: true } });
});
