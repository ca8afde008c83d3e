import { Transformer } from '@napi-rs/image';
import type { CleanDocument } from './document';

/** Of a JPEG: fine print stays readable. */
const QUALITY = 90;

let last: Promise<unknown> = Promise.resolve();
/** A picture of 60 million pixels takes a quarter of a gigabyte while it is drawn: one at a time. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const next = last.then(work);
  last = next.catch(() => undefined);
  return next;
}

/**
 * The picture drawn anew from its pixels, upright as its camera meant it, so that nothing but them is kept; `original` are the bytes as they
 * came, which say what is upright. Undefined when they draw nothing. A PDF stays what it is.
 */
export async function drawnAnew({ mime }: CleanDocument, original: Buffer): Promise<Buffer | undefined> {
  if (mime === 'application/pdf') return original;
  try {
    return await inTurn(() => {
      const picture = new Transformer(original).rotate();
      return mime === 'image/png' ? picture.png() : picture.jpeg(QUALITY);
    });
  } catch {
    // Whatever the decoder has to say of it: it is no picture that a person could look at.
    return undefined;
  }
}
