import { venueStorm } from '.';

jest.setTimeout(900_000);

test('a minute of everything that can go wrong at the venue, with two kills: each order is accounted for, to the unit', async () => {
  const seed = Math.floor(Date.now() / 1000);
  process.stdout.write(`storm:venue seed ${seed}\n`);
  const { problems, faultsNeverFired, unexplained, balanced, routing } = await venueStorm({
    minutes: 1,
    seed,
    users: 8,
    floodSeconds: 3,
    kills: 2,
    say: () => undefined,
  });
  expect({ seed, problems, faultsNeverFired, unexplained, balanced }).toEqual({
    seed,
    problems: [],
    faultsNeverFired: [],
    unexplained: 0,
    balanced: true,
  });
  expect(routing.mostIn10s).toBeLessThanOrEqual(100);
});
