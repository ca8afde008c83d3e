import fc from 'fast-check';
import { BadFrame, frameOf, readFrames } from './frames';

const joined = (frames: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(frames));

test('however the bytes are cut, the same messages come out in their order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue(), { minLength: 1, maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 }),
      (messages, cuts) => {
        const heard: unknown[] = [];
        const read = readFrames(1_000_000, (message) => heard.push(message));
        const bytes = joined(messages.map(frameOf));
        for (let at = 0, n = 0; at < bytes.length; n++) {
          const next = at + (cuts[n % cuts.length] ?? 1);
          read(bytes.subarray(at, next));
          at = next;
        }
        expect(JSON.stringify(heard)).toBe(JSON.stringify(messages));
      },
    ),
  );
});

test('a frame at the bound passes; one byte more is refused by its head alone, before the rest has come', () => {
  const heard: unknown[] = [];
  const message = 'a'.repeat(98);
  readFrames(100, (told) => heard.push(told))(frameOf(message));
  expect(heard).toEqual([message]);
  expect(() => readFrames(99, () => undefined)(frameOf(message).subarray(0, 4))).toThrow(BadFrame);
});

test.each([
  ['no length', [0, 0, 0, 0]],
  ['not JSON', [0, 0, 0, 2, 0x7b, 0x7b]],
  ['not UTF-8', [0, 0, 0, 3, 0x22, 0xff, 0x22]],
  ['a request of another protocol', [...Buffer.from('GET / HTTP/1.1\r\n\r\n')]],
])('garbage is refused: %s', (_name, bytes) => {
  const read = readFrames(1_000_000, () => undefined);
  expect(() => read(new Uint8Array(bytes))).toThrow(BadFrame);
});
