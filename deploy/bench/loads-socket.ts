import type { House } from './loads';
import type { Tally } from './tally';

/** Orders over WebSockets, each with so many on their way at once. */
export async function socketLoop(_tally: Tally, _options: House & { seconds: number; sockets: number; outstanding: number }): Promise<void> {
  throw new Error('not yet');
}
