import { createBook } from '../fast';
import { createNaiveBook } from '../naive';
import { agree } from './testing';

/** Set AGREE_SEED to repeat a run, AGREE_COMMANDS for a longer one. */
const SEED = Number(process.env.AGREE_SEED ?? 20261121);
const COMMANDS = Number(process.env.AGREE_COMMANDS ?? 200_000);

describe('the readable and the fast book', () => {
  it(`say the same of ${COMMANDS} random commands (seed ${SEED}), and neither does what no book may do`, () => {
    const { trades, counts } = agree(SEED, COMMANDS, [createNaiveBook, createBook]);
    expect(trades).toBeGreaterThan(COMMANDS / 10);
    // A run that leaves out a kind of command or event proves nothing about it.
    const kinds = [
      'place',
      'placeOco',
      'cancel',
      'amend',
      'last',
      'setOutside',
      'returned',
      'lock',
      'unlock',
      'state',
      'ask',
      'nonsense',
      'restored',
    ];
    const events = ['trade', 'prevented', 'rested', 'refreshed', 'waiting', 'triggered', 'outside', 'closed'];
    for (const name of [...kinds, ...events]) expect([name, counts[name] ?? 0]).toEqual([name, expect.any(Number)]);
    for (const name of [...kinds, ...events]) expect(counts[name] ?? 0).toBeGreaterThan(COMMANDS / 4000);
  });
});
