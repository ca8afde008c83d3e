/**
 * Draws one identity document as a picture, in a process of its own that holds no secret and ends afterwards
 * (`pixels.ts` starts it under limits). Reads the document from the standard input and writes the picture to the
 * standard output; whatever goes wrong ends it with 1.
 */
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createCanvas } from '@napi-rs/canvas';
import type { Canvas } from '@napi-rs/canvas';
import { Transformer } from '@napi-rs/image';
import { DRAWN_SIDE, MOST_PAGES } from './document';

/** Of a JPEG: fine print stays readable. */
const QUALITY = 90;
/** A PNG that comes out larger is kept as a JPEG. */
const MOST_PNG = 8 * 1024 * 1024;
const PDF = 0x25;
const PNG = 0x89;

async function main(): Promise<void> {
  const document = await buffer(process.stdin);
  const picture = await (document[0] === PDF ? drawPdf(document) : drawPicture(document, document[0] === PNG));
  await new Promise<void>((resolve) => process.stdout.write(picture, () => resolve()));
  process.exit(0);
}

/** Upright as its camera meant it, at most `DRAWN_SIDE` wide and high. */
async function drawPicture(document: Buffer, asPng: boolean): Promise<Buffer> {
  const picture = new Transformer(document).rotate();
  const { width, height, orientation = 1 } = await new Transformer(document).metadata(true);
  const scale = DRAWN_SIDE / Math.max(width, height);
  // The size is asked of the picture as it lies in the file; from 5 on its camera was turned by a quarter.
  const [across, down] = orientation >= 5 ? [height, width] : [width, height];
  if (scale < 1) picture.resize(Math.max(1, Math.round(across * scale)), Math.max(1, Math.round(down * scale)));
  if (!asPng) return picture.jpeg(QUALITY);
  const png = await picture.png();
  return png.length > MOST_PNG ? new Transformer(png).jpeg(QUALITY) : png;
}

/**
 * Its pages side by side on white: nothing that a PDF can do is carried out, and nothing of it is kept but what a
 * reader would see.
 */
async function drawPdf(document: Buffer): Promise<Buffer> {
  const { getDocument, AnnotationMode } = await import('pdfjs-dist/legacy/build/pdf.mjs');
  const files = dirname(dirname(dirname(require.resolve('pdfjs-dist/legacy/build/pdf.mjs'))));
  const pdf = await getDocument({
    data: new Uint8Array(document),
    isEvalSupported: false,
    enableXfa: false,
    useSystemFonts: false,
    disableFontFace: true,
    maxImageSize: 25_000_000,
    standardFontDataUrl: join(files, 'standard_fonts/'),
    cMapUrl: join(files, 'cmaps/'),
    wasmUrl: join(files, 'wasm/'),
    verbosity: 0,
  }).promise;
  if (pdf.numPages < 1 || pdf.numPages > MOST_PAGES) throw new Error(`${pdf.numPages} pages`);
  const [columns, rows] = [pdf.numPages > 2 ? 2 : 1, pdf.numPages > 1 ? 2 : 1];
  const cell = DRAWN_SIDE / rows;
  const sheets: { canvas: Canvas; x: number; y: number }[] = [];
  for (let at = 0; at < pdf.numPages; at++) {
    const page = await pdf.getPage(at + 1);
    const size = page.getViewport({ scale: 1 });
    const viewport = page.getViewport({ scale: cell / Math.max(size.width, size.height) });
    const canvas = createCanvas(Math.max(1, Math.round(viewport.width)), Math.max(1, Math.round(viewport.height)));
    await page.render({ canvas: canvas as never, viewport, annotationMode: AnnotationMode.ENABLE, background: 'white' })
      .promise;
    sheets.push({ canvas, x: (at % columns) * cell, y: Math.floor(at / columns) * cell });
  }
  const whole = createCanvas(
    Math.max(...sheets.map(({ canvas, x }) => x + canvas.width)),
    Math.max(...sheets.map(({ canvas, y }) => y + canvas.height)),
  );
  const context = whole.getContext('2d');
  context.fillStyle = 'white';
  context.fillRect(0, 0, whole.width, whole.height);
  for (const { canvas, x, y } of sheets) context.drawImage(canvas, x, y);
  return whole.encode('jpeg', QUALITY);
}

main().catch(() => process.exit(1));
