/**
 * What an identity document may be, judged by its head and parts alone: nothing is decoded here. Pictures lose what
 * does not draw them; then everything, a PDF too, is drawn anew in a process of its own (`pixels.ts`), and only that
 * is kept.
 */
export interface CleanDocument {
  readonly bytes: Buffer;
  readonly mime: 'image/jpeg' | 'image/png' | 'application/pdf';
}

/** A picture is kept at most so wide and high. */
export const DRAWN_SIDE = 3000;
export const MOST_PAGES = 4;
/**
 * Of a picture as it comes: its sides, one side by the other, its pixels, and the bytes that they take when they are
 * unpacked.
 */
const MOST_SIDE = 12_000;
const MOST_RATIO = 10;
const MOST_PIXELS = 25_000_000;
const MOST_UNPACKED = 4 * MOST_PIXELS;
/** More parts than any camera or scanner makes: what has them is made to keep us busy. */
const MOST_PARTS = 5000;

/** The document without its extras, or undefined when it is not a JPEG, PNG or PDF we take. */
export function cleanDocument(bytes: Buffer): CleanDocument | undefined {
  const jpeg = cleanJpeg(bytes);
  if (jpeg) return { bytes: jpeg, mime: 'image/jpeg' };
  const png = cleanPng(bytes);
  if (png) return { bytes: png, mime: 'image/png' };
  return isPdf(bytes) ? { bytes, mime: 'application/pdf' } : undefined;
}

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Samples a pixel has, by the colour type of the head; a palette's are three when they are unpacked. */
const SAMPLES: Record<number, number> = { 0: 1, 2: 3, 3: 3, 4: 2, 6: 4 };
const PNG_CHUNKS = new Set(['IHDR', 'PLTE', 'tRNS', 'gAMA', 'sRGB', 'cHRM', 'IDAT', 'IEND']);

function cleanPng(bytes: Buffer): Buffer | undefined {
  if (bytes.length < 57 || !bytes.subarray(0, 8).equals(PNG_SIGNATURE) || bytes.toString('latin1', 12, 16) !== 'IHDR')
    return undefined;
  const samples = SAMPLES[bytes[25] as number];
  const perPixel = (samples ?? 0) * (bytes[24] === 16 ? 2 : 1);
  if (perPixel === 0 || tooLarge(bytes.readUInt32BE(16), bytes.readUInt32BE(20), perPixel)) return undefined;
  const kept: Buffer[] = [PNG_SIGNATURE];
  let parts = 0;
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 12 + bytes.readUInt32BE(at);
    if (end > bytes.length || ++parts > MOST_PARTS) return undefined;
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (PNG_CHUNKS.has(type)) kept.push(bytes.subarray(at, end));
    if (type === 'IEND') return Buffer.concat(kept);
    at = end;
  }
  return undefined;
}

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const COMMENT = 0xfe;
/**
 * JFIF and Adobe's colour transform are needed to draw; the other application segments hold places, names, thumbnails.
 */
const isExtra = (marker: number): boolean =>
  (marker >= 0xe1 && marker <= 0xef && marker !== 0xee) || marker === COMMENT;
/** The camera's notes (EXIF) say what is upright; the drawing needs that, and does not keep them. */
const saysUpright = (bytes: Buffer, at: number): boolean =>
  bytes[at + 1] === 0xe1 && bytes.toString('latin1', at + 4, at + 10) === 'Exif\0\0';
const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

function cleanJpeg(bytes: Buffer): Buffer | undefined {
  if (bytes.length < 20 || bytes[0] !== 0xff || bytes[1] !== SOI) return undefined;
  const kept: Buffer[] = [bytes.subarray(0, 2)];
  let framed = false;
  let parts = 0;
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1] as number;
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    if (end > bytes.length || marker < 0xc0 || ++parts > MOST_PARTS) return undefined;
    if (isFrame(marker)) {
      if (framed || tooLarge(bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5), bytes[at + 9] as number))
        return undefined;
      framed = true;
    }
    const stop = marker === SOS ? endOfScan(bytes, end) : end;
    if (!isExtra(marker) || saysUpright(bytes, at)) kept.push(bytes.subarray(at, stop));
    if (marker === SOS && bytes[stop + 1] === EOI)
      return framed ? Buffer.concat([...kept, Buffer.from([0xff, EOI])]) : undefined;
    at = stop;
  }
  return undefined;
}

/** Where the next marker begins behind a scan's data, in which 0xff is followed by 0 or a restart mark. */
function endOfScan(bytes: Buffer, start: number): number {
  for (let at = bytes.indexOf(0xff, start); at >= 0 && at + 1 < bytes.length; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1] as number;
    if (next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at;
  }
  return bytes.length;
}

function tooLarge(width: number, height: number, bytesPerPixel: number): boolean {
  const [short, long] = width < height ? [width, height] : [height, width];
  if (short === 0 || long > MOST_SIDE || long > short * MOST_RATIO) return true;
  return width * height > MOST_PIXELS || width * height * bytesPerPixel > MOST_UNPACKED;
}

/** Whatever else it may be or do: it is drawn, and not kept. */
const isPdf = (bytes: Buffer): boolean =>
  /^%PDF-[12]\.[0-9]/.test(bytes.toString('latin1', 0, 8)) && bytes.subarray(-1024).includes('%%EOF');
