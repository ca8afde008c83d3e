import { readFile, readdir } from 'node:fs/promises';
import { deflateSync, crc32 } from 'node:zlib';
import { Transformer } from '@napi-rs/image';
import { cleanDocument } from './document';
import { createDrawings } from './pixels';
import type { Drawing, Undrawn } from './pixels';

const SECRET = 'SECRET 51.5007N 0.1246W';
const [WIDTH, HEIGHT] = [40, 20];
/** Red above, blue below. */
const pixels = Buffer.from(
  Array.from({ length: WIDTH * HEIGHT }, (_, at) =>
    at < (WIDTH * HEIGHT) / 2 ? [255, 0, 0, 255] : [0, 0, 255, 255],
  ).flat(),
);
const picture = (): Transformer => Transformer.fromRgbaPixels(pixels, WIDTH, HEIGHT);
const segment = (marker: number, body: Buffer): Buffer => {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
};
const chunk = (type: string, body: Buffer): Buffer => {
  const [head, tail] = [Buffer.alloc(4), Buffer.alloc(4)];
  head.writeUInt32BE(body.length);
  const inner = Buffer.concat([Buffer.from(type), body]);
  tail.writeUInt32BE(crc32(inner));
  return Buffer.concat([head, inner, tail]);
};
const drawings = createDrawings();
afterAll(() => drawings.close());
let users = 0;
const patient = new AbortController().signal;
/** As the service does it, each for a user of its own. */
const drawing = async (bytes: Buffer): Promise<Drawing | undefined> => {
  const document = cleanDocument(bytes);
  return document && drawings.draw(`user${++users}`, document, patient);
};
const kept = async (bytes: Buffer): Promise<Buffer | undefined> => (await drawing(bytes))?.bytes;
const exif = (orientation: number): Buffer =>
  segment(
    0xe1,
    Buffer.concat([
      Buffer.from('Exif\0\0'),
      Buffer.from(`4d4d002a0000000800010112000300000001000${orientation}000000000000`, 'hex'),
      Buffer.from(SECRET),
    ]),
  );
const jpegWith = async (...segments: Buffer[]): Promise<Buffer> => {
  const jpeg = await picture().jpeg(95);
  return Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)]);
};
const pngOf = (...more: Buffer[]): Buffer => {
  const header = Buffer.from([0, 0, 0, 2, 0, 0, 0, 1, 8, 2, 0, 0, 0]);
  // Two pixels, and bytes behind the end of the compressed stream, which no picture shows.
  const data = Buffer.concat([deflateSync(Buffer.from([0, 255, 0, 0, 0, 0, 255])), Buffer.from(SECRET)]);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    ...more,
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]);
};

test.each<[string, () => Promise<Buffer> | Buffer]>([
  [
    "in a JPEG's first segment, which a picture needs",
    () =>
      jpegWith(
        segment(
          0xe0,
          Buffer.concat([Buffer.from('JFIF\0'), Buffer.from([1, 1, 0, 0, 1, 0, 1, 0, 0]), Buffer.from(SECRET)]),
        ),
      ),
  ],
  ["in a JPEG's thumbnail", () => jpegWith(segment(0xe0, Buffer.concat([Buffer.from('JFXX\0'), Buffer.from(SECRET)])))],
  ["in a JPEG's notes of its camera", () => jpegWith(exif(1))],
  ["in a JPEG's comment", () => jpegWith(segment(0xfe, Buffer.from(SECRET)))],
  ["behind the end of a PNG's compressed data", () => pngOf()],
  ["in a PNG's words", () => pngOf(chunk('tEXt', Buffer.from(`Comment\0${SECRET}`)))],
])('what hides %s is gone, the picture is there', async (_, make) => {
  const bytes = await make();
  expect(bytes.includes(SECRET)).toBe(true);
  const drawn = await kept(bytes);
  expect(drawn?.includes(SECRET)).toBe(false);
  const [before, after] = [
    await new Transformer(bytes).metadata(),
    await new Transformer(drawn ?? Buffer.alloc(0)).metadata(),
  ];
  expect([after.width, after.height, after.format]).toEqual([before.width, before.height, before.format]);
});

test('a PNG keeps each pixel; a JPEG its colours, nearly', async () => {
  const png = await kept(await picture().png());
  expect(await new Transformer(png ?? Buffer.alloc(0)).rawPixels()).toEqual(
    await new Transformer(await picture().png()).rawPixels(),
  );
  const jpeg = await new Transformer((await kept(await picture().jpeg(95))) ?? Buffer.alloc(0)).rawPixels();
  expect([(jpeg[0] ?? 0) > 200, (jpeg[2] ?? 255) < 60]).toEqual([true, true]);
});

test('a picture that its camera calls lying is set upright, and says nothing of it any more', async () => {
  const drawn = (await kept(await jpegWith(exif(6)))) ?? Buffer.alloc(0);
  const { width, height, orientation } = await new Transformer(drawn).metadata(true);
  expect([width, height, orientation]).toEqual([HEIGHT, WIDTH, undefined]);
});

test.each<[string, () => Buffer]>([
  [
    'a PNG without its pixels',
    () =>
      Buffer.concat([
        Buffer.from('89504e470d0a1a0a', 'hex'),
        chunk('IHDR', Buffer.from([0, 0, 0, 2, 0, 0, 0, 1, 8, 2, 0, 0, 0])),
        chunk('IDAT', Buffer.from('nothing')),
        chunk('IEND', Buffer.alloc(0)),
      ]),
  ],
  [
    'a PNG of too few pixels',
    () =>
      Buffer.concat([
        Buffer.from('89504e470d0a1a0a', 'hex'),
        chunk('IHDR', Buffer.from([0, 0, 0, 9, 0, 0, 0, 9, 8, 2, 0, 0, 0])),
        chunk('IDAT', deflateSync(Buffer.from([0, 1, 2, 3]))),
        chunk('IEND', Buffer.alloc(0)),
      ]),
  ],
  [
    'a JPEG whose parts draw nothing',
    () =>
      Buffer.concat([
        Buffer.from([0xff, 0xd8]),
        segment(0xc0, Buffer.from([8, 0, 10, 0, 10, 1, 1, 0x11, 0])),
        segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0])),
        Buffer.from([1, 2, 3, 4, 0xff, 0xd9]),
      ]),
  ],
])('refused: %s', async (_, make) => {
  expect(cleanDocument(make())).toBeDefined();
  expect(await kept(make())).toBeUndefined();
});

test('what is larger than 3,000 is made smaller, upright or not', async () => {
  const large = await Transformer.fromRgbaPixels(Buffer.alloc(4000 * 2000 * 4, 200), 4000, 2000).jpeg(60);
  const turned = Buffer.concat([large.subarray(0, 2), exif(6), large.subarray(2)]);
  const sizes = [];
  for (const bytes of [large, turned]) {
    const { width, height } = await new Transformer((await kept(bytes)) ?? Buffer.alloc(0)).metadata();
    sizes.push([width, height]);
  }
  expect(sizes).toEqual([
    [3000, 1500],
    [1500, 3000],
  ]);
});

/** A PDF of pages that say so; `more` goes into the catalogue, `objects` behind the pages. */
const pdf = (pages: number, more = '', ...objects: string[]): Buffer => {
  const all = [
    `<< /Type /Catalog /Pages 2 0 R ${more} >>`,
    `<< /Type /Pages /Kids [${Array.from({ length: pages }, (_, at) => `${4 + 2 * at} 0 R`).join(' ')}] /Count ${pages} >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  for (let at = 0; at < pages; at++) {
    const words = `BT /F1 90 Tf 60 400 Td (PASSPORT ${at}) Tj ET`;
    all.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${5 + 2 * at} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`,
      `<< /Length ${words.length} >>\nstream\n${words}\nendstream`,
    );
  }
  let file = '%PDF-1.7\n';
  const offsets = [...all, ...objects].map((object, at) => {
    const offset = file.length;
    file += `${at + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = `xref\n0 ${offsets.length + 1}\n0000000000 65535 f \n${offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')}`;
  return Buffer.from(
    `${file}${table}trailer\n<< /Size ${offsets.length + 1} /Root 1 0 R >>\nstartxref\n${file.length}\n%%EOF\n`,
    'latin1',
  );
};
const packed = (text: string): string => {
  const stream = deflateSync(Buffer.from(text)).toString('latin1');
  return `<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length ${stream.length} >>\nstream\n${stream}\nendstream`;
};

test.each<[string, Buffer]>([
  ['with a script', pdf(1, '/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>')],
  ['with a script that is packed', pdf(1, '', packed('9 0 << /S /JavaScript /JS (app.alert) >>'))],
  ['that starts a program', pdf(1, '/OpenAction << /S /Launch /F (cmd.exe) >>')],
  ['that sends a form', pdf(1, '/OpenAction << /S /SubmitForm /F (http://127.0.0.1:9/) >>')],
  ['that opens a share', pdf(1, '/OpenAction << /S /GoToR /F (\\\\\\\\evil\\\\share) >>')],
  ['that takes data in', pdf(1, '/OpenAction << /S /ImportData /F (x) >>')],
  ['that opens a page', pdf(1, '/OpenAction << /S /URI /URI (http://127.0.0.1:9/) >>')],
  [
    'with a file inside',
    pdf(
      1,
      '/Names << /EmbeddedFiles << /Names [(x) << /EF << /F 6 0 R >> >>] >> >>',
      '<< /Length 3 >>\nstream\nMZx\nendstream',
    ),
  ],
  [
    'with a ZIP before its end',
    Buffer.concat([pdf(1), Buffer.from('PK\u0003\u0004'.padEnd(200, 'x')), Buffer.from('%%EOF')]),
  ],
])('a PDF %s is drawn: a picture is kept, and nothing of the file', async (_, bytes) => {
  const drawn = await drawing(bytes);
  expect(drawn?.mime).toBe('image/jpeg');
  expect(/PDF|JavaScript|Launch|PK\W\W|endobj/.test(drawn?.bytes.toString('latin1') ?? 'PDF')).toBe(false);
  const { width, height } = await new Transformer(drawn?.bytes ?? Buffer.alloc(0)).metadata();
  expect([Math.max(width, height), width < height]).toEqual([3000, true]);
});

test('the pages of a PDF come side by side, with what is written on them; more than four are refused', async () => {
  const drawn = await kept(pdf(3));
  const { width, height } = await new Transformer(drawn ?? Buffer.alloc(0)).metadata();
  expect([width > 2500, height]).toEqual([true, 3000]);
  const shades = new Set(await new Transformer(drawn ?? Buffer.alloc(0)).rawPixels());
  expect([shades.has(0), shades.has(255)]).toEqual([true, true]);
  expect([await kept(pdf(5)), await kept(pdf(0)), await kept(Buffer.from('%PDF-1.7\nnothing\n%%EOF\n'))]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

/** A page whose drawing never ends within five seconds: forms that call forms, ten times each. */
const endless = (): Buffer => {
  const forms = Array.from({ length: 9 }, (_, at) => {
    const calls = at === 8 ? '0 0 m 9 9 l S' : `/X${at + 1} Do `.repeat(10);
    return `<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X${at + 1} ${7 + at} 0 R >> >> /Length ${calls.length} >>\nstream\n${calls}\nendstream`;
  });
  const bytes = pdf(1, '', ...forms).toString('latin1');
  const words = 'BT /F1 90 Tf 60 400 Td (PASSPORT 0) Tj ET';
  return Buffer.from(
    bytes.replace('/Font << /F1 3 0 R >>', '/XObject << /X0 6 0 R  >>').replace(words, '/X0 Do'.padEnd(words.length)),
    'latin1',
  );
};

test('what does not end is ended, what unpacks to half a gigabyte holds nobody up, and those behind it are served', async () => {
  // 500 MB of nothing behind the pixels of a PNG, and as the content of a page.
  const nothing = deflateSync(Buffer.alloc(500_000_000)).toString('latin1');
  const bomb = pdf(1, '', '<< >>')
    .toString('latin1')
    .replace(
      /<< \/Length 41 >>\nstream\n.*\nendstream/,
      () => `<< /Filter /FlateDecode /Length ${nothing.length} >>\nstream\n${nothing}\nendstream`,
    );
  const [slow, large, good] = await Promise.all([kept(endless()), kept(Buffer.from(bomb, 'latin1')), kept(pngOf())]);
  expect([slow, good === undefined]).toEqual([undefined, false]);
  // On a quick machine it is drawn within its limits, as the empty page that it is; on a slow one it is ended. Never
  // is it kept as it came.
  expect([undefined, 'ffd8']).toContain(large?.subarray(0, 2).toString('hex'));
});

// A system without such a limit has none to test.
(process.platform === 'linux' ? test : test.skip)(
  'a picture that needs more memory than its process may have is not drawn; with what it needs it is',
  async () => {
    const side = 5000;
    const document = cleanDocument(
      await Transformer.fromRgbaPixels(Buffer.alloc(side * side * 4, 200), side, side).jpeg(60),
    );
    if (!document) throw new Error('no document');
    const tried = async (mostMemory?: number): Promise<unknown[]> => {
      const why: Undrawn[] = [];
      const limited = createDrawings({
        mostMs: 60_000,
        onUndrawn: (reason) => why.push(reason),
        ...(mostMemory !== undefined && { mostMemory }),
      });
      const picture = await limited.draw('u', document, patient);
      limited.close();
      return [picture?.mime, why];
    };
    expect(await tried(500_000)).toEqual([undefined, ['memory']]);
    expect(await tried()).toEqual(['image/jpeg', []]);
  },
);

test('nobody waits for it any more: the process is ended, and who waits leaves the line', async () => {
  const quick = createDrawings({ mostMs: 60_000 });
  const [first, second] = [new AbortController(), new AbortController()];
  const document = cleanDocument(endless());
  if (!document) throw new Error('no document');
  const drawn = quick.draw('a', document, first.signal);
  const waits = quick.draw('b', document, second.signal);
  await expect(quick.draw('a', document, patient)).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
  second.abort();
  await expect(waits).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  first.abort();
  await expect(drawn).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  const white = cleanDocument(pngOf());
  expect(white && (await quick.draw('c', white, patient))?.mime).toBe('image/png');
  quick.close();
});

test('the drawing process has none of our settings', async () => {
  process.env.KYC_KEY = 'CANARY';
  // What it was started with is all that it could tell: Linux shows it.
  const began = kept(endless());
  const environments = await untilFound(async () => {
    const found = [];
    for (const pid of (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '');
      if (command.includes('kyc/draw.ts') && !command.startsWith('/bin/sh'))
        found.push(await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => ''));
    }
    return found;
  });
  expect(environments.length).toBeGreaterThan(0);
  for (const environment of environments) expect(environment).not.toContain('CANARY');
  delete process.env.KYC_KEY;
  await began;
});

async function untilFound(look: () => Promise<string[]>): Promise<string[]> {
  for (let tries = 0; tries < 200; tries++) {
    const found = await look();
    if (found.length > 0) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return [];
}
