/**
 * What an identity document may be, judged by its bytes alone. Pictures are cut down to the parts that draw them, and then drawn anew
 * (`pixels.ts`), so that nothing else (places, comments, a second file behind the first) is kept; a PDF that can act is refused.
 */
export interface CleanDocument {
  readonly bytes: Buffer;
  readonly mime: 'image/jpeg' | 'image/png' | 'application/pdf';
}

const MAX_PIXELS = 60_000_000;
/** More parts than any camera or scanner makes: what has them is made to keep us busy. */
const MOST_PARTS = 5000;

/** The document without its extras, or undefined when it is not a JPEG, PNG or PDF we take. */
export function cleanDocument(bytes: Buffer): CleanDocument | undefined {
  const jpeg = cleanJpeg(bytes);
  if (jpeg) return { bytes: jpeg, mime: 'image/jpeg' };
  const png = cleanPng(bytes);
  if (png) return { bytes: png, mime: 'image/png' };
  return isQuietPdf(bytes) ? { bytes, mime: 'application/pdf' } : undefined;
}

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const PNG_CHUNKS = new Set(['IHDR', 'PLTE', 'tRNS', 'gAMA', 'sRGB', 'cHRM', 'IDAT', 'IEND']);

function cleanPng(bytes: Buffer): Buffer | undefined {
  if (bytes.length < 57 || !bytes.subarray(0, 8).equals(PNG_SIGNATURE) || bytes.toString('latin1', 12, 16) !== 'IHDR') return undefined;
  if (tooLarge(bytes.readUInt32BE(16), bytes.readUInt32BE(20))) return undefined;
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
/** JFIF and Adobe's colour transform are needed to draw; the other application segments hold places, names, thumbnails. */
const isExtra = (marker: number): boolean => (marker >= 0xe1 && marker <= 0xef && marker !== 0xee) || marker === COMMENT;
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
      if (framed || tooLarge(bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5))) return undefined;
      framed = true;
    }
    const stop = marker === SOS ? endOfScan(bytes, end) : end;
    if (!isExtra(marker)) kept.push(bytes.subarray(at, stop));
    if (marker === SOS && bytes[stop + 1] === EOI) return framed ? Buffer.concat([...kept, Buffer.from([0xff, EOI])]) : undefined;
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

const tooLarge = (width: number, height: number): boolean => width === 0 || height === 0 || width * height > MAX_PIXELS;

const ACTIVE = /\/(JavaScript|JS|Launch|EmbeddedFile|OpenAction|AA|RichMedia|XFA)\b/;

function isQuietPdf(bytes: Buffer): boolean {
  if (!/^%PDF-[12]\.[0-9]/.test(bytes.toString('latin1', 0, 8))) return false;
  if (!/%%EOF\s*$/.test(bytes.subarray(-64).toString('latin1'))) return false;
  // A name may hide behind #-escapes: /J#61vaScript.
  if (escapesIn(bytes) > MOST_PARTS) return false;
  const names = bytes
    .toString('latin1')
    .replace(/#([0-9a-fA-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return !ACTIVE.test(names);
}

const isHex = (byte = 0): boolean => (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);

/** How many there are, or some more than `MOST_PARTS`. */
function escapesIn(bytes: Buffer): number {
  let found = 0;
  for (let at = bytes.indexOf(0x23); at >= 0 && found <= MOST_PARTS; at = bytes.indexOf(0x23, at + 1)) if (isHex(bytes[at + 1]) && isHex(bytes[at + 2])) found++;
  return found;
}
