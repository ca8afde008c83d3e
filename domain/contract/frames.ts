/**
 * Messages over a stream of bytes between processes of ours: four bytes that say how long, most significant first, then
 * that much JSON in UTF-8. Pure: whoever has a socket hands in its bytes and is handed the messages.
 */
const HEAD = 4;

/**
 * What came is no frame of ours: too long, not UTF-8, not JSON. Nothing after it can be trusted; end the connection.
 */
export class BadFrame extends Error {
  override readonly name = 'BadFrame';
}

/** One message, framed. */
export function frameOf(message: unknown): Uint8Array {
  const body = new TextEncoder().encode(JSON.stringify(message));
  const framed = new Uint8Array(HEAD + body.length);
  new DataView(framed.buffer).setUint32(0, body.length);
  framed.set(body, HEAD);
  return framed;
}

/**
 * Takes the bytes of one connection as they come, split and merged in any way, and calls `take` for each whole message
 * in its order. Throws BadFrame at a frame of more than `mostBytes` (before it has come; asked at each frame where it
 * is a function) or of none, and at garbage.
 */
export function readFrames(
  mostBytes: number | (() => number),
  take: (message: unknown) => void,
): (chunk: Uint8Array) => void {
  let head = new Uint8Array(HEAD);
  let body: Uint8Array | undefined;
  let filled = 0;
  return (chunk) => {
    for (let at = 0; at < chunk.length;) {
      const target = body ?? head;
      const part = chunk.subarray(at, at + target.length - filled);
      target.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < target.length) return;
      filled = 0;
      if (body) {
        const whole = body;
        body = undefined;
        take(messageIn(whole));
      } else {
        const length = new DataView(head.buffer).getUint32(0);
        if (length === 0 || length > (typeof mostBytes === 'number' ? mostBytes : mostBytes()))
          throw new BadFrame(`a frame of ${length} bytes`);
        body = new Uint8Array(length);
        head = new Uint8Array(HEAD);
      }
    }
  };
}

function messageIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new BadFrame('a frame that is not JSON');
  }
}
