import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { testWorld } from '../testing';
import type { TestWorld } from '../testing';

const SCRIPT = `export const words = ${JSON.stringify('over and over '.repeat(200))};\n`;
const PAGE = `<!doctype html><title>the page</title>${'<p>again</p>'.repeat(100)}`;
let world: TestWorld;
beforeAll(async () => {
  world = await testWorld();
  const dir = join(world.dir, 'web');
  await mkdir(join(dir, 'assets'), { recursive: true });
  for (const [name, text] of [
    ['index.html', PAGE],
    ['assets/index-abc.js', SCRIPT],
  ] as const) {
    await writeFile(join(dir, name), text);
    await writeFile(join(dir, `${name}.br`), brotliCompressSync(text));
    await writeFile(join(dir, `${name}.gz`), gzipSync(text));
  }
  await writeFile(join(dir, 'assets', 'plain.css'), 'a { color: red }');
});
afterAll(async () => {
  expect(world.failures).toEqual([]);
  await world.close();
});
const get = (path: string, accepts: string) =>
  fetch(`${world.url}${path}`, { headers: { 'Accept-Encoding': accepts } });

test.each([
  ['gzip, deflate, br, zstd', 'br'],
  ['br;q=0, gzip;q=0.9', 'gzip'],
  ['*', 'br'],
  ['gzip', 'gzip'],
  ['identity', null],
  ['br;q=0, gzip;q=0', null],
  ['', null],
])('a browser that takes %j gets %j, and the same text', async (accepts, encoding) => {
  for (const [path, text, type] of [
    ['/', PAGE, 'text/html'],
    ['/trade/BTCUSDT', PAGE, 'text/html'],
    ['/assets/index-abc.js', SCRIPT, 'text/javascript'],
  ] as const) {
    const response = await get(path, accepts);
    expect([response.status, response.headers.get('content-encoding'), response.headers.get('vary')]).toEqual([
      200,
      encoding,
      expect.stringContaining('Accept-Encoding'),
    ]);
    expect(response.headers.get('content-type')).toMatch(new RegExp(`^${type}; charset=utf-8$`, 'i'));
    expect(await response.text()).toBe(text);
    expect(Number(response.headers.get('content-length'))).toBe(
      encoding === 'br' ? brotliCompressSync(text).length : encoding === 'gzip' ? gzipSync(text).length : text.length,
    );
  }
});

test('each form has a tag of its own, by which it is not sent again', async () => {
  const tags = new Set<string>();
  for (const accepts of ['br', 'gzip', 'identity']) {
    const tag = (await get('/assets/index-abc.js', accepts)).headers.get('etag') ?? '';
    tags.add(tag);
    const again = world
      .visitor()
      .agent.get('/assets/index-abc.js')
      .set('Accept-Encoding', accepts)
      .set('If-None-Match', tag);
    expect((await again).status).toBe(304);
  }
  expect(tags.size).toBe(3);
});

test('what has no compressed form goes out as it is; what is not there is not found, in plain JSON', async () => {
  const plain = await get('/assets/plain.css', 'br');
  expect([plain.status, plain.headers.get('content-encoding'), await plain.text()]).toEqual([
    200,
    null,
    'a { color: red }',
  ]);
  const gone = await get('/assets/gone.js', 'br');
  expect([gone.status, gone.headers.get('content-encoding')]).toEqual([404, null]);
  expect(await gone.json()).toMatchObject({ error: { code: 'NOT_FOUND' } });
});

test.each([
  '/assets/../index.html',
  '/assets/..%2findex.html',
  '/assets/%2e%2e/index.html',
  '/assets//etc/passwd',
  '/assets/index-abc.js%00.css',
])('no way around: %s', async (path) => {
  const { status, text } = await world.visitor().agent.get(path);
  expect(status === 404 || text === PAGE || status === 400).toBe(true);
});
