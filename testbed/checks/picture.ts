/** The picture of the houses (docs/architecture.svg), drawn from the imports as they are. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../deploy/config/paths';
import { HOUSES } from './files';

export type House = (typeof HOUSES)[number];
export type Arrows = ReadonlyMap<House, ReadonlySet<House>>;

export const PICTURE = 'docs/architecture.svg';

/** What each house is, in a few words. */
const WHAT: Readonly<Record<House, readonly [string, string]>> = {
  domain: ['vocabulary, no I/O', 'money, commands, events, ports, states'],
  ledger: ['double entry', 'accounts, reasons money moves'],
  db: ['tables', 'entities, stores, migrations'],
  matching: ['the engine', 'single writer, book, routing, venues'],
  wallets: ['coins', 'chains, deposits, payouts, signer'],
  solvency: ['books beside the outside', 'audit, reconciliation, proof'],
  server: ['API and live feed', 'accounts, KYC, orders, admin'],
  web: ['the page', 'Vue: trading, wallet, console'],
  deploy: ['how it runs', 'roles, settings, link, operator'],
  testbed: ['the world stood in for', 'emulators, scenarios, storms, benches'],
};

/** Rows from top to bottom; a house stands above what it imports. */
const ROWS: readonly (readonly House[])[] = [
  ['testbed'],
  ['deploy'],
  ['web', 'server', 'matching', 'wallets', 'solvency'],
  ['db'],
  ['ledger'],
  ['domain'],
];

const [BOX, HIGH, GAP, ROW, EDGE] = [176, 64, 16, 112, 24];
const WIDTH = 5 * BOX + 4 * GAP + 2 * EDGE;

/** Which house imports which, of the imports between files. */
export function arrowsOf(imports: readonly { from: string; to: string }[]): Arrows {
  const arrows = new Map<House, Set<House>>(HOUSES.map((house) => [house, new Set()]));
  const houseOf = (path: string): House | undefined => HOUSES.find((house) => path.startsWith(`${house}/`));
  for (const { from, to } of imports) {
    const [importer, imported] = [houseOf(from), houseOf(to)];
    if (importer && imported && importer !== imported) arrows.get(importer)?.add(imported);
  }
  return arrows;
}

/** Without arrows that follow from others: what a house reaches through another one is not drawn twice. */
function drawn(arrows: Arrows): [House, House][] {
  const reaches = (from: House, to: House): boolean =>
    [...(arrows.get(from) ?? [])].some((next) => next === to || reaches(next, to));
  return [...arrows].flatMap(([from, targets]) =>
    [...targets]
      .filter((to) => ![...targets].some((other) => other !== to && reaches(other, to)))
      .map((to): [House, House] => [from, to]),
  );
}

function placeOf(house: House): { x: number; y: number } {
  const row = ROWS.findIndex((houses) => houses.includes(house));
  const houses = ROWS[row] ?? [];
  const wide = houses.length * BOX + (houses.length - 1) * GAP;
  return { x: (WIDTH - wide) / 2 + houses.indexOf(house) * (BOX + GAP), y: EDGE + row * ROW };
}

function box(house: House): string {
  const { x, y } = placeOf(house);
  const [what, more] = WHAT[house];
  const text = (dy: number, size: number, weight: string, words: string): string =>
    `<text x="${x + BOX / 2}" y="${y + dy}" font-size="${size}" font-weight="${weight}">${words}</text>`;
  return [
    `<rect x="${x}" y="${y}" width="${BOX}" height="${HIGH}" rx="8"/>`,
    text(20, 14, '700', house),
    text(38, 11, '400', what),
    text(53, 9, '400', more),
  ].join('');
}

function arrow([from, to]: [House, House]): string {
  const [a, b] = [placeOf(from), placeOf(to)];
  // An arrow over more than one row comes in at the near corner, past the boxes between.
  const shift = b.y - a.y > ROW ? Math.sign(a.x - b.x) * BOX * 0.4 : 0;
  return `<line x1="${a.x + BOX / 2}" y1="${a.y + HIGH}" x2="${b.x + BOX / 2 + shift}" y2="${b.y - 2}"/>`;
}

/** The picture as SVG. The same imports give the same bytes. */
export function pictureOf(arrows: Arrows): string {
  const high = 2 * EDGE + (ROWS.length - 1) * ROW + HIGH;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${high}" font-family="system-ui, sans-serif" text-anchor="middle">`,
    '<title>Houses of Javizen and which imports which</title>',
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" ' +
      'markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#5b6b7b"/></marker></defs>',
    `<rect width="${WIDTH}" height="${high}" fill="#ffffff"/>`,
    `<g stroke="#5b6b7b" stroke-width="1.2" marker-end="url(#head)">${drawn(arrows).map(arrow).join('')}</g>`,
    `<g fill="#eef4f8" stroke="#2b5672">${HOUSES.map((house) => box(house).replaceAll('<text', '<text fill="#12232e" stroke="none"')).join('')}</g>`,
    '</svg>',
    '',
  ].join('\n');
}

/** A finding where the picture is not what the imports are. */
export function oldPicture(arrows: Arrows): string[] {
  const file = join(ROOT, PICTURE);
  return existsSync(file) && readFileSync(file, 'utf8') === pictureOf(arrows)
    ? []
    : [`${PICTURE} is not what the imports are: npm run picture`];
}
