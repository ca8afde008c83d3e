import { PNG } from '../testing';
import { cleanDocument } from './document';

const segment = (marker: number, body: Buffer): Buffer => {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
};
const frame = (height: number, width: number): Buffer => {
  const body = Buffer.from([8, 0, 0, 0, 0, 1, 1, 0x11, 0]);
  body.writeUInt16BE(height, 1);
  body.writeUInt16BE(width, 3);
  return segment(0xc0, body);
};
const jpeg = (parts: Buffer[], end = Buffer.from([0xff, 0xd9])): Buffer =>
  Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    ...parts,
    segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0])),
    Buffer.from([1, 2, 0xff, 0, 3, 0xff, 0xd0, 4]),
    end,
  ]);
const chunk = (type: string, body: string): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, Buffer.from(type + body), Buffer.alloc(4)]);
};
const pdf = (body: string): Buffer => Buffer.from(`%PDF-1.7\n${body}\ntrailer\n%%EOF\n`);
/** The smallest PNG with another head. */
const pngHead = (width: number, height: number, bits: number, colour: number): Buffer => {
  const bytes = Buffer.from(PNG);
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  bytes[24] = bits;
  bytes[25] = colour;
  return bytes;
};
const SCRIPT = '<script>alert(1)</script>';
const plainJpeg = jpeg([frame(10, 10)]);

test.each([
  ['PNG', PNG, 'image/png'],
  ['JPEG', plainJpeg, 'image/jpeg'],
  ['PDF', pdf('1 0 obj <</Type /Catalog>> endobj'), 'application/pdf'],
  ['PNG of 25 million pixels of 4 bytes', pngHead(5000, 5000, 8, 6), 'image/png'],
  ['PNG of 12,000 x 1,200', pngHead(12_000, 1200, 8, 2), 'image/png'],
])('taken: %s', (_name, bytes, mime) => {
  expect(cleanDocument(bytes)).toEqual({ bytes, mime });
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['SVG', Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg">${SCRIPT}</svg>`)],
  ['HTML named JPG', Buffer.from(`<!doctype html>${SCRIPT}`)],
  [
    'HTML behind a JPEG signature',
    Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.from(`<html>${SCRIPT}`.padEnd(80))]),
  ],
  ['GIF', Buffer.from('GIF89a/*'.padEnd(60, ' '))],
  ['ZIP', Buffer.from('PK\u0003\u0004'.padEnd(60, ' '))],
  ['PNG without an end', PNG.subarray(0, PNG.length - 12)],
  [
    'PNG of 60000 x 60000',
    Buffer.concat([PNG.subarray(0, 16), Buffer.from([0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]), PNG.subarray(24)]),
  ],
  ['JPEG of 60000 x 60000', jpeg([frame(60000, 60000)])],
  ['JPEG without a picture', jpeg([])],
  ['JPEG that is cut off', plainJpeg.subarray(0, plainJpeg.length - 2)],
  // The bombs: small files that take minutes or gigabytes to unpack.
  ['PNG of 1 x 60,000,000', pngHead(1, 60_000_000, 1, 0)],
  ['PNG of 7,745 x 7,746 with 16 bits', pngHead(7745, 7746, 16, 6)],
  ['PNG that is wider than 12,000', pngHead(12_001, 1300, 8, 2)],
  ['PNG of 25,010,000 pixels', pngHead(5002, 5000, 1, 0)],
  ['PNG of 20 million pixels of 8 bytes', pngHead(5000, 4000, 16, 6)],
  ['PNG eleven times as wide as high', pngHead(1100, 100, 8, 2)],
  ['PNG of a colour type that is none', pngHead(10, 10, 8, 5)],
  ['JPEG of 1 x 60,000', jpeg([frame(60_000, 1)])],
  ['JPEG of 25,010,000 pixels', jpeg([frame(5002, 5000)])],
  [
    'JPEG of very many parts',
    jpeg([...Array.from({ length: 6000 }, () => segment(0xe1, Buffer.alloc(0))), frame(10, 10)]),
  ],
  [
    'PNG of very many parts',
    Buffer.concat([PNG.subarray(0, 33), ...Array.from({ length: 6000 }, () => chunk('tEXt', '')), PNG.subarray(33)]),
  ],
  ['PDF with a tail', Buffer.concat([pdf('x'), Buffer.from('PK\u0003\u0004'.padEnd(2000, 'x'))])],
])('refused: %s', (_name, bytes) => {
  expect(cleanDocument(bytes)).toBeUndefined();
});

test.each([
  ['a ZIP behind a PNG', Buffer.concat([PNG, Buffer.from(`PK\u0003\u0004${SCRIPT}`)]), PNG],
  [
    'words inside a PNG',
    Buffer.concat([PNG.subarray(0, 33), chunk('tEXt', SCRIPT), chunk('eXIf', 'GPS'), PNG.subarray(33)]),
    PNG,
  ],
  ['a page behind a JPEG', Buffer.concat([plainJpeg, Buffer.from(SCRIPT)]), plainJpeg],
  [
    'places and comments inside a JPEG',
    jpeg([segment(0xe1, Buffer.from('Exif GPS')), segment(0xfe, Buffer.from(SCRIPT)), frame(10, 10)]),
    plainJpeg,
  ],
])('cut away: %s', (_name, dirty, clean) => {
  expect(cleanDocument(dirty)?.bytes).toEqual(clean);
});
