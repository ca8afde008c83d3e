import { solve } from './work';
import type { Challenge } from './work';

self.addEventListener('message', ({ data }: MessageEvent<Challenge>) => self.postMessage(solve(data)));
