import { deflateSync, crc32 } from 'node:zlib';
import { Transformer } from '@napi-rs/image';
import { cleanDocument } from './document';
import { drawnAnew } from './pixels';

const SECRET = 'SECRET 51.5007N 0.1246W';
const [WIDTH, HEIGHT] = [40, 20];
/** Red above, blue below. */
const pixels = Buffer.from(Array.from({ length: WIDTH * HEIGHT }, (_, at) => (at < (WIDTH * HEIGHT) / 2 ? [255, 0, 0, 255] : [0, 0, 255, 255])).flat());
const picture = (): Transformer => Transformer.fromRgbaPixels(pixels, WIDTH, HEIGHT);
const segment = (marker: number, body: Buffer): Buffer => {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
};
const chunk = (type: string, body: Buffer): Buffer => {
  const [head, tail] = [Buffer.alloc(4), Buffer.alloc(4)];
  head.writeUInt32BE(body.length);
  const inner = Buffer.concat([Buffer.from(type), body]);
  tail.writeUInt32BE(crc32(inner));
  return Buffer.concat([head, inner, tail]);
};
/** As the service does it. */
const kept = async (bytes: Buffer): Promise<Buffer | undefined> => {
  const document = cleanDocument(bytes);
  return document && drawnAnew(document, bytes);
};
const exif = (orientation: number): Buffer => segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), Buffer.from(`4d4d002a0000000800010112000300000001000${orientation}000000000000`, 'hex'), Buffer.from(SECRET)]));
const jpegWith = async (...segments: Buffer[]): Promise<Buffer> => {
  const jpeg = await picture().jpeg(95);
  return Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)]);
};
const pngOf = (...more: Buffer[]): Buffer => {
  const header = Buffer.from([0, 0, 0, 2, 0, 0, 0, 1, 8, 2, 0, 0, 0]);
  // Two pixels, and bytes behind the end of the compressed stream, which no picture shows.
  const data = Buffer.concat([deflateSync(Buffer.from([0, 255, 0, 0, 0, 0, 255])), Buffer.from(SECRET)]);
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', header), ...more, chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
};

test.each<[string, () => Promise<Buffer> | Buffer]>([
  ["in a JPEG's first segment, which a picture needs", () => jpegWith(segment(0xe0, Buffer.concat([Buffer.from('JFIF\0'), Buffer.from([1, 1, 0, 0, 1, 0, 1, 0, 0]), Buffer.from(SECRET)])))],
  ["in a JPEG's thumbnail", () => jpegWith(segment(0xe0, Buffer.concat([Buffer.from('JFXX\0'), Buffer.from(SECRET)])))],
  ["in a JPEG's notes of its camera", () => jpegWith(exif(1))],
  ["in a JPEG's comment", () => jpegWith(segment(0xfe, Buffer.from(SECRET)))],
  ["behind the end of a PNG's compressed data", () => pngOf()],
  ["in a PNG's words", () => pngOf(chunk('tEXt', Buffer.from(`Comment\0${SECRET}`)))],
])('what hides %s is gone, the picture is there', async (_, make) => {
  const bytes = await make();
  expect(bytes.includes(SECRET)).toBe(true);
  const drawn = await kept(bytes);
  expect(drawn?.includes(SECRET)).toBe(false);
  const [before, after] = [await new Transformer(bytes).metadata(), await new Transformer(drawn ?? Buffer.alloc(0)).metadata()];
  expect([after.width, after.height, after.format]).toEqual([before.width, before.height, before.format]);
});

test('a PNG keeps each pixel; a JPEG its colours, nearly', async () => {
  const png = await kept(await picture().png());
  expect(await new Transformer(png ?? Buffer.alloc(0)).rawPixels()).toEqual(await new Transformer(await picture().png()).rawPixels());
  const jpeg = await new Transformer((await kept(await picture().jpeg(95))) ?? Buffer.alloc(0)).rawPixels();
  expect([(jpeg[0] ?? 0) > 200, (jpeg[2] ?? 255) < 60]).toEqual([true, true]);
});

test('a picture that its camera calls lying is set upright, and says nothing of it any more', async () => {
  const drawn = (await kept(await jpegWith(exif(6)))) ?? Buffer.alloc(0);
  const { width, height, orientation } = await new Transformer(drawn).metadata(true);
  expect([width, height, orientation]).toEqual([HEIGHT, WIDTH, undefined]);
});

test.each<[string, () => Buffer]>([
  ['a PNG without its pixels', () => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', Buffer.from([0, 0, 0, 2, 0, 0, 0, 1, 8, 2, 0, 0, 0])), chunk('IDAT', Buffer.from('nothing')), chunk('IEND', Buffer.alloc(0))])],
  ['a PNG of too few pixels', () => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', Buffer.from([0, 0, 0, 9, 0, 0, 0, 9, 8, 2, 0, 0, 0])), chunk('IDAT', deflateSync(Buffer.from([0, 1, 2, 3]))), chunk('IEND', Buffer.alloc(0))])],
  ['a JPEG whose parts draw nothing', () => Buffer.concat([Buffer.from([0xff, 0xd8]), segment(0xc0, Buffer.from([8, 0, 10, 0, 10, 1, 1, 0x11, 0])), segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0])), Buffer.from([1, 2, 3, 4, 0xff, 0xd9])])],
])('refused: %s', async (_, make) => {
  expect(cleanDocument(make())).toBeDefined();
  expect(await kept(make())).toBeUndefined();
});

test('a PDF stays what it is; one bad picture does not hold up those behind it', async () => {
  const pdf = Buffer.from('%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\ntrailer\n%%EOF\n');
  const [bad, good, paper] = await Promise.all([kept(pngOf().subarray(0, 40)), kept(pngOf()), kept(pdf)]);
  expect([bad, good === undefined, paper]).toEqual([undefined, false, pdf]);
});
