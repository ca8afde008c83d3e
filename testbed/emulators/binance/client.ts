import { createHmac } from 'node:crypto';

/** A request of the WebSocket API with its HMAC signature: all parameters by name, raw. For tests and tools. */
export function signed(params: Readonly<Record<string, unknown>>, secret: string): Record<string, unknown> {
  const payload = Object.keys(params)
    .sort()
    .map((name) => `${name}=${String(params[name])}`)
    .join('&');
  return { ...params, signature: createHmac('sha256', secret).update(payload).digest('hex') };
}
