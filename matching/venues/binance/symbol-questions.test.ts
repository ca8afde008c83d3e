import fc from 'fast-check';
import { createSymbolQuestions } from './symbol-questions';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
/** As the SDK throws what Binance answers. */
const refusal = (code: number, status = 400): object => ({
  response: { status, data: { code, msg: 'Invalid symbol.' } },
});

test('whichever symbols the venue does not know, the answers of all others come, and each unknown one is named once', async () => {
  const listed = Array.from({ length: 12 }, (_, n) => `S${n}USDT`);
  await fc.assert(
    fc.asyncProperty(fc.subarray(listed), async (bad) => {
      const questions = createSymbolQuestions(listed, { clock: { now: () => 1_000_000 }, logger: silent });
      const named: string[] = [];
      questions.onUnknown((symbol) => named.push(symbol));
      let requests = 0;
      const send = async (symbols: string[]): Promise<string[]> => {
        requests++;
        if (symbols.some((symbol) => bad.includes(symbol))) throw refusal(-1121);
        return symbols;
      };
      const good = listed.filter((symbol) => !bad.includes(symbol));
      expect(await questions.ask(send)).toEqual(good);
      expect(named.toSorted()).toEqual(bad.toSorted());
      // From now on one request is enough.
      requests = 0;
      expect(await questions.ask(send)).toEqual(good);
      expect(requests).toBe(good.length > 0 ? 1 : 0);
      expect(named).toHaveLength(bad.length);
    }),
  );
});

test('a symbol that the venue lists later is asked about again', async () => {
  let now = 0;
  let isListed = false;
  const questions = createSymbolQuestions(['AUSDT', 'BUSDT'], { clock: { now: () => now }, logger: silent });
  const send = async (symbols: string[]): Promise<string[]> => {
    if (!isListed && symbols.includes('BUSDT')) throw refusal(-1121);
    return symbols;
  };
  expect(await questions.ask(send)).toEqual(['AUSDT']);
  isListed = true;
  expect(await questions.ask(send)).toEqual(['AUSDT']);
  now += 600_000;
  expect(await questions.ask(send)).toEqual(['AUSDT', 'BUSDT']);
});

test.each([[refusal(-1003, 429)], [refusal(-1121, 500)], [new Error('socket hang up')]])(
  'what is not about a symbol is no reason to leave one out',
  async (fault) => {
    const questions = createSymbolQuestions(['AUSDT', 'BUSDT'], { clock: { now: () => 0 }, logger: silent });
    let requests = 0;
    await expect(
      questions.ask(async () => {
        requests++;
        throw fault;
      }),
    ).rejects.toBe(fault);
    expect(requests).toBe(1);
  },
);
