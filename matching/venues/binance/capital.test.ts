import type { VenueCapital } from '../../../domain/contract/ports';
import { fixedClock } from '../../../domain/clock-and-ids';
import { createCapital } from './capital';
import type { Rest } from './rest';

/** Binance's answers, as its documentation has them. */
const saying = (address: object, networkList: object[] = []): VenueCapital =>
  createCapital(
    {
      capital: (send: () => Promise<unknown>) => send(),
      treasury: { getDepositAddress: async () => address, getBalances: async () => [{ coin: 'XRP', networkList }] },
    } as unknown as Rest,
    { clock: fixedClock() },
  );

const terms = { network: 'XRP', withdrawFee: '0.2', withdrawMin: '10', withdrawIntegerMultiple: '0.000001' };

test.each([
  { address: 'rEb8', coin: 'XRP', url: '' },
  { address: 'rEb8', coin: 'XRP', tag: '', url: '' },
])('an address without a tag is one: %j', async (answer) => {
  expect(await saying(answer).depositAddress('XRP', 'XRP')).toBe('rEb8');
});

test('E27 an address with a tag is none of ours to send to: without it the coins would be lost', async () => {
  await expect(
    saying({ address: 'rEb8', coin: 'XRP', tag: '482920', url: '' }).depositAddress('XRP', 'XRP'),
  ).rejects.toMatchObject({ code: 'MEMO_REQUIRED', details: { asset: 'XRP', network: 'XRP' } });
});

test('E27 coins of a network whose withdrawals need a memo are not asked back', async () => {
  await expect(saying({}, [{ ...terms, sameAddress: true }]).withdrawalTerms('XRP', 'XRP')).rejects.toMatchObject({
    code: 'MEMO_REQUIRED',
  });
  expect(await saying({}, [{ ...terms, sameAddress: false }]).withdrawalTerms('XRP', 'XRP')).toEqual({
    fee: '0.2',
    minimum: '10',
    step: '0.000001',
  });
});
