import { Transformer } from '@napi-rs/image';
import { DomainError } from '../../domain/contract/errors';
import { atMost } from '../http/queue';
import type { CleanDocument } from './document';

/** Of a JPEG: fine print stays readable. */
const QUALITY = 90;

/** A picture of 60 million pixels takes a quarter of a gigabyte while it is drawn: one at a time. */
const inTurn = atMost(1, 20);

/**
 * The picture drawn anew from its pixels, upright as its camera meant it, so that nothing but them is kept; `original` are the bytes as they
 * came, which say what is upright. Undefined when they draw nothing. A PDF stays what it is.
 * Throws BUSY when too many wait.
 */
export async function drawnAnew({ mime }: CleanDocument, original: Buffer): Promise<Buffer | undefined> {
  if (mime === 'application/pdf') return original;
  try {
    return await inTurn(() => {
      const picture = new Transformer(original).rotate();
      return mime === 'image/png' ? picture.png() : picture.jpeg(QUALITY);
    });
  } catch (error) {
    if (error instanceof DomainError) throw error;
    // Whatever the decoder has to say of it: it is no picture that a person could look at.
    return undefined;
  }
}
