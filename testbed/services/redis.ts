import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Redis from 'ioredis';
import type { Programs } from './programs';
import { freePort, startProgram, untilReady } from './process';
import type { Running } from './process';

/** Starts a private Redis on a free port of loopback, with its data in `<dir>/redis`. */
export async function startRedis(options: {
  dir: string;
  programs: Programs;
  password: string;
  port?: number;
}): Promise<{ running: Running; url: string; port: number }> {
  const data = join(options.dir, 'redis');
  mkdirSync(data, { recursive: true });
  const port = await freePort(options.port);
  const running = startProgram({
    name: 'redis',
    dir: options.dir,
    command: options.programs.redis,
    // noeviction: Bull's jobs must not be thrown out when memory is short.
    args: [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      data,
      '--appendonly',
      'yes',
      '--appendfsync',
      'everysec',
      '--save',
      '',
      '--maxmemory-policy',
      'noeviction',
      '--requirepass',
      options.password,
    ],
    mark: `:${port}`,
  });
  const url = `redis://:${options.password}@127.0.0.1:${port}/0`;
  await untilReady(running, 'Redis', async () => {
    const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1, retryStrategy: () => null });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.ping();
    } finally {
      client.disconnect();
    }
  });
  return { running, url, port };
}
