import { readFile, readdir, utimes, writeFile } from 'node:fs/promises';
import { Transformer } from '@napi-rs/image';
import { join } from 'node:path';
import { PNG, testWorld } from '../testing';
import { fillDocumentHashes } from './fill-hashes';
import { forgetDocuments } from './forget';
import { countingIds } from '../../domain/clock-and-ids';
import type { ApplyKyc } from '../../domain/contract/api/kyc';
import type { UserRow } from '../../db/entities/accounts';
import { userById } from '../../db/stores/users';
import type { Drawings } from './pixels';
import { createKycService } from './service';
import { createVault } from './vault';
import type { TestWorld, Visitor } from '../testing';

const FORM = {
  fullName: 'Ada Lovelace',
  country: 'GB',
  birthDate: '1990-05-17',
  documentType: 'passport',
  documentNumber: 'P-CANARY-77',
};
let world: TestWorld;
let admin: Visitor;
let count = 0;

beforeAll(async () => {
  world = await testWorld();
  await world.account('admin@example.org', { role: 'admin' });
  admin = world.visitor();
  await admin.logIn('admin@example.org');
});
afterAll(async () => {
  expect(world.failures).toEqual([]);
  await world.close();
});

const apply = (who: Visitor, form: object = FORM, file: Buffer = PNG, name = 'passport.png') =>
  who.agent
    .post('/api/kyc')
    .set('X-CSRF-Token', who.csrf())
    .field(form as Record<string, string>)
    .attach('document', file, name);

/** Somebody whom nobody else resembles: the digits of a number as letters of a name. */
const person = (): typeof FORM => {
  const n = ++count;
  return {
    ...FORM,
    fullName: `Ada ${[...String(n)].map((digit) => 'abcdefghij'[Number(digit)]).join('')}`,
    documentNumber: `P-CANARY-${n}`,
  };
};
async function applicant(form: object = person()): Promise<{ visitor: Visitor; id: string; userId: string }> {
  const { who: visitor, userId } = await world.member(`applicant${++count}@example.org`);
  const sent = await apply(visitor, form);
  expect([sent.status, sent.body.state]).toEqual([201, 'SUBMITTED']);
  return { visitor, id: sent.body.application.id, userId };
}

test('applied, looked at, approved: each step recorded, the user told, and services open', async () => {
  const { visitor, id, userId } = await applicant(FORM);
  const told: string[] = [];
  const off = world.events.on('kyc.changed', (event) => told.push(`${event.userId} ${event.state}`));
  const listed = await admin.get('/admin/kyc?state=SUBMITTED');
  expect(listed.body.items.find((item: { id: string }) => item.id === id)).toMatchObject({
    fullName: 'Ada Lovelace',
    documentNumber: 'P-CANARY-77',
    userId,
  });
  const document = await admin.get(`/admin/kyc/${id}/document`).buffer(true);
  expect(await new Transformer(document.body).rawPixels()).toEqual(await new Transformer(PNG).rawPixels());
  expect(document.headers).toMatchObject({
    'content-type': 'image/png',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
  expect(document.headers['content-disposition']).toMatch(/^attachment; filename="kyc-[A-Za-z0-9_-]+\.png"$/);
  expect((await admin.send('post', `/admin/kyc/${id}/approve`)).status).toBe(200);
  expect((await visitor.get('/kyc')).body.state).toBe('APPROVED');
  expect((await visitor.send('post', '/deposit-addresses', { network: 'ethereum' })).status).toBe(200);
  expect(told).toEqual([`${userId} APPROVED`]);
  off();
  const { body } = await admin.get('/admin/audit-log');
  expect(
    body.items
      .filter((row: { subject: string }) => row.subject === `kyc:${id}`)
      .map((row: { action: string }) => row.action)
      .sort(),
  ).toEqual(['kyc.approve', 'kyc.view-document']);
});

test('at rest nothing can be read', async () => {
  const { id } = await applicant();
  for (const file of await readdir(join(world.dir, 'kyc'))) {
    const bytes = await readFile(join(world.dir, 'kyc', file));
    expect(bytes.includes(PNG.subarray(0, 8))).toBe(false);
  }
  const [row] = await world.dataSource.query('SELECT document_number FROM kyc_applications WHERE id = ?', [id]);
  expect(Buffer.from(row.document_number, 'base64').toString('latin1')).not.toContain('CANARY');
});

test('refused with a reason, and sent again', async () => {
  const { visitor, id } = await applicant();
  expect((await admin.send('post', `/admin/kyc/${id}/refuse`, {})).body.error.code).toBe('BAD_REQUEST');
  expect((await admin.send('post', `/admin/kyc/${id}/refuse`, { reason: 'The picture is blurred' })).status).toBe(200);
  expect((await visitor.get('/kyc')).body).toMatchObject({
    state: 'REJECTED',
    application: { reason: 'The picture is blurred' },
  });
  expect((await apply(visitor)).status).toBe(201);
});

test('decided once: of two at once one wins, and a second application waits its turn', async () => {
  const { visitor, id } = await applicant();
  expect((await apply(visitor)).body.error.code).toBe('KYC_STATE');
  const answers = await Promise.all([
    admin.send('post', `/admin/kyc/${id}/approve`),
    admin.send('post', `/admin/kyc/${id}/refuse`, { reason: 'no' }),
  ]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
});

test('nobody approves themselves', async () => {
  const sent = await apply(admin);
  const { body } = await admin.send('post', `/admin/kyc/${sent.body.application.id}/approve`);
  expect(body.error.code).toBe('SELF_APPROVAL');
  expect((await admin.get('/session')).body.user.kycState).toBe('SUBMITTED');
});

test.each([
  ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'), 'me.png'],
  ['HTML as JPG', Buffer.from('<html><script>alert(1)</script></html>'), 'me.jpg'],
  ['empty', Buffer.alloc(0), 'me.png'],
  ['9 MB', Buffer.concat([PNG, Buffer.alloc(9 * 1024 * 1024)]), '../../me.png'],
])('bad document: %s', async (_what, bytes, name) => {
  const visitor = world.visitor();
  await visitor.logIn(await world.opened(`bad${++count}@example.org`));
  const { status, body } = await apply(visitor, FORM, bytes, name);
  expect([status, body.error.code]).toEqual([400, 'BAD_DOCUMENT']);
  expect((await visitor.get('/kyc')).body.state).toBe('NONE');
});

test.each([
  ['state', { ...FORM, state: 'APPROVED' }],
  ['userId', { ...FORM, userId: 'other' }],
  ['country', { ...FORM, country: 'Germany' }],
  ['birthDate', { ...FORM, birthDate: '1990-02-31' }],
  ['documentType', { ...FORM, documentType: 'library card' }],
  ['country', { ...FORM, country: 'ZZ' }],
  ['country', { ...FORM, country: 'DD' }],
  ['country', { ...FORM, country: 'gb' }],
  ['birthDate', { ...FORM, birthDate: '17.5.1990' }],
  ['fullName', { ...FORM, fullName: 'a\u0000b' }],
  ['fullName', { ...FORM, fullName: '\u3164\u3164' }],
  ['fullName', { ...FORM, fullName: '\u200b\u200d' }],
  ['fullName', { ...FORM, fullName: '\u202eevil\u202c 1' }],
  ['fullName', { ...FORM, fullName: 'Ada\u200b Lovelace' }],
  ['fullName', { ...FORM, fullName: '1 -- .' }],
  ['fullName', { ...FORM, fullName: 'a'.repeat(191) }],
  ['documentNumber', { ...FORM, documentNumber: '---' }],
  ['documentNumber', { ...FORM, documentNumber: '\u2800' }],
  ['documentNumber', { ...FORM, documentNumber: 'P1\u200e23' }],
])('bad form: %s', async (field, form) => {
  const visitor = world.visitor();
  await visitor.logIn(await world.opened(`form${++count}@example.org`));
  const { body } = await apply(visitor, form);
  expect(body.error).toMatchObject({ code: 'BAD_REQUEST', details: { fields: [field] } });
});

test('what is not there', async () => {
  expect((await admin.send('post', '/admin/kyc/none/approve')).body.error.code).toBe('NOT_FOUND');
  expect((await admin.get('/admin/kyc/..%2f..%2fetc/document')).status).toBe(400);
});

test.each([
  ['2999-01-01', false],
  ['2005-11-15', false],
  ['2005-11-14', true],
  ['1903-11-15', true],
  ['1902-11-14', false],
])('on 14 November 2023, born %s: taken %s', async (birthDate, taken) => {
  const visitor = world.visitor();
  await visitor.logIn(await world.opened(`age${++count}@example.org`));
  const { status, body } = await apply(visitor, { ...FORM, birthDate });
  expect(taken ? [status, body.state] : [status, body.error]).toEqual(
    taken
      ? [201, 'SUBMITTED']
      : [400, expect.objectContaining({ code: 'AGE_LIMIT', details: { least: 18, most: 120 } })],
  );
});

test('names are kept composed, with the joiners that Persian needs', async () => {
  for (const [typed, kept] of [
    ['  Zoe\u0301 ', 'Zo\u00e9'],
    ['علی\u200cرضا', 'علی\u200cرضا'],
  ]) {
    const visitor = world.visitor();
    await visitor.logIn(await world.opened(`name${++count}@example.org`));
    expect((await apply(visitor, { ...FORM, fullName: typed })).body.application.fullName).toBe(kept);
  }
});

test('the same document of two users is shown to the admin, however its number is spelled; that of the same user is not', async () => {
  const sent: { email: string; id: string; who: Visitor }[] = [];
  for (const documentNumber of ['AB-12 34', 'ab۱۲۳۴', 'AB1235']) {
    const email = `twin${++count}@example.org`;
    const who = world.visitor();
    await who.logIn(await world.opened(email));
    sent.push({ email, who, id: (await apply(who, { ...person(), documentNumber })).body.application.id });
  }
  const [first, second, third] = sent as [(typeof sent)[0], (typeof sent)[0], (typeof sent)[0]];
  const also = async (id: string): Promise<{ email: string; state: string }[]> =>
    (
      (await admin.get('/admin/kyc?limit=100')).body.items as {
        id: string;
        alsoAccounts: { email: string; state: string }[];
      }[]
    ).find((one) => one.id === id)?.alsoAccounts ?? [];
  expect(await also(first.id)).toMatchObject([{ email: second.email, state: 'SUBMITTED', same: ['document'] }]);
  expect(await also(second.id)).toMatchObject([{ email: first.email }]);
  expect(await also(third.id)).toEqual([]);
  await admin.send('post', `/admin/kyc/${third.id}/refuse`, { reason: 'blurred' });
  const again = await apply(third.who, { ...person(), documentNumber: 'AB1235' });
  expect(await also(again.body.application.id)).toEqual([]);
  // Another kind of document, or another country's, with the same number is another document.
  const other = world.visitor();
  await other.logIn(await world.opened(`twin${++count}@example.org`));
  expect(
    await also((await apply(other, { ...person(), documentNumber: 'AB1234', country: 'FR' })).body.application.id),
  ).toEqual([]);
});

test('documents of older versions are compared too, once the server has started', async () => {
  const one = person();
  const { id } = await applicant(one);
  const twin = await applicant(one);
  await world.owner.query('UPDATE kyc_applications SET document_hash = NULL, person_hash = NULL WHERE id = ?', [id]);
  await world.dataSource.query(
    "INSERT INTO kyc_applications SELECT 'unreadable', user_id, state, full_name, country, birth_date, document_type, 'not ours', document_file, document_mime, reason, created_at, decided_at, decided_by, NULL, NULL FROM kyc_applications WHERE id = ?",
    [id],
  );
  const { kycKey, kycDir } = { kycKey: world.kycKey, kycDir: join(world.dir, 'kyc') };
  await fillDocumentHashes(
    {
      dataSource: world.dataSource,
      logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    },
    createVault({ kycKey, kycDir }),
  );
  const rows = await world.dataSource.query(
    'SELECT id, document_hash AS hash, person_hash AS person FROM kyc_applications WHERE id IN (?)',
    [[id, twin.id, 'unreadable']],
  );
  const hashes = new Map((rows as { id: string; hash: string | null }[]).map((row) => [row.id, row.hash]));
  expect(new Set((rows as { person: string }[]).map(({ person: hash }) => hash)).size).toBe(1);
  expect(hashes.get(id)).toBe(hashes.get(twin.id));
  expect(hashes.get('unreadable')).toBeNull();
  await world.owner.query("DELETE FROM kyc_applications WHERE id = 'unreadable'");
});

describe('a person or a document that another account has', () => {
  let second: Visitor;
  let third: Visitor;
  beforeAll(async () => {
    for (const name of ['second', 'third']) await world.account(`${name}@example.org`, { role: 'admin' });
    [second, third] = [world.visitor(), world.visitor()];
    await second.logIn('second@example.org');
    await third.logIn('third@example.org');
  });
  const stateOf = async (who: Visitor): Promise<string> => ((await who.get('/kyc')).body as { state: string }).state;
  const approve = (who: Visitor, id: string, body?: object) => who.send('post', `/admin/kyc/${id}/approve`, body);

  test.each<[string, (form: typeof FORM) => object, string[]]>([
    [
      'the same document',
      (form) => ({ ...person(), documentNumber: ` ${form.documentNumber.toLowerCase()}` }),
      ['document'],
    ],
    [
      'the same name and date of birth',
      (form) => ({ ...person(), fullName: form.fullName.toUpperCase().replace(' ', '  ') }),
      ['person'],
    ],
    ['both', (form) => form, ['document', 'person']],
  ])('%s: needs a reason and two admins', async (_what, twinOf, same) => {
    const form = person();
    const first = await applicant(form);
    expect((await approve(admin, first.id)).body).toEqual({ state: 'APPROVED' });
    const twin = await applicant(twinOf(form));
    const refused = await approve(admin, twin.id);
    expect([refused.status, refused.body.error]).toMatchObject([
      409,
      { code: 'KYC_TWIN', details: { same, accounts: 1 } },
    ]);
    expect((await approve(admin, twin.id, { why: 'x' })).body.error.code).toBe('BAD_REQUEST');
    expect(await stateOf(twin.visitor)).toBe('SUBMITTED');
    // However often one admin says it, it takes another.
    for (const why of ['a brother of the same name', 'again'])
      expect((await approve(admin, twin.id, { why })).body).toEqual({ state: 'SUBMITTED' });
    expect(await stateOf(twin.visitor)).toBe('SUBMITTED');
    const listed = (await second.get('/admin/kyc?state=SUBMITTED&limit=100')).body.items.find(
      (item: { id: string }) => item.id === twin.id,
    );
    expect(listed).toMatchObject({
      alsoAccounts: [{ userId: first.userId, state: 'APPROVED', same }],
      firstApproval: { adminEmail: 'admin@example.org', why: 'a brother of the same name' },
    });
    expect((await approve(second, twin.id)).body.error.code).toBe('KYC_TWIN');
    expect((await approve(second, twin.id, { why: 'seen both of them' })).body).toEqual({ state: 'APPROVED' });
    expect(await stateOf(twin.visitor)).toBe('APPROVED');
    const log = (await admin.get('/admin/audit-log?limit=100')).body.items as {
      subject: string;
      action: string;
      details: { why?: string };
    }[];
    expect(
      log
        .filter(({ subject }) => subject === `kyc:${twin.id}`)
        .map(({ action, details }) => `${action}: ${details.why}`),
    ).toEqual(['kyc.approve: seen both of them', 'kyc.approve-twin: a brother of the same name']);
  });

  test('two admins at once are one first and one second; who is no admin any more has said nothing', async () => {
    const form = person();
    await applicant(form);
    const twin = await applicant(form);
    const answers = await Promise.all([admin, second].map((who) => approve(who, twin.id, { why: 'at once' })));
    expect(answers.map(({ body }) => body.state as string).toSorted()).toEqual(['APPROVED', 'SUBMITTED']);
    const other = await applicant(form);
    expect((await approve(third, other.id, { why: 'before leaving' })).body).toEqual({ state: 'SUBMITTED' });
    await world.owner.query("UPDATE users SET role = 'user' WHERE email = 'third@example.org'");
    expect((await approve(second, other.id, { why: 'alone' })).body).toEqual({ state: 'SUBMITTED' });
    expect((await approve(admin, other.id, { why: 'the second' })).body).toEqual({ state: 'APPROVED' });
  });

  test('sent again by the same person after a refusal it is no twin', async () => {
    const form = person();
    const one = await applicant(form);
    await admin.send('post', `/admin/kyc/${one.id}/refuse`, { reason: 'blurred' });
    const { body } = await apply(one.visitor, form);
    expect((await approve(admin, body.application.id)).body).toEqual({ state: 'APPROVED' });
  });
});

describe('files of documents', () => {
  const files = (): Promise<string[]> => readdir(join(world.dir, 'kyc'));

  test('of twenty applications at once one is taken, and one file lies there', async () => {
    const before = (await files()).length;
    const { userId } = await world.member(`racing${++count}@example.org`);
    const user = (await userById(world.dataSource, userId)) as UserRow;
    // As in several processes: each has a turn of its own at drawing, and nothing but the lock of the row keeps them
    // apart.
    const drawings: Drawings = { draw: async () => ({ bytes: PNG, mime: 'image/png' }), close: () => undefined };
    const { dataSource, clock, events } = world;
    const vault = createVault({ kycKey: world.kycKey, kycDir: join(world.dir, 'kyc') });
    const ids = countingIds('race');
    const service = createKycService({ dataSource, clock, events, ids }, vault, drawings);
    const form = person() as unknown as ApplyKyc;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => service.apply(user, form, PNG, new AbortController().signal)),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'KYC_STATE' });
    expect((await files()).length - before).toBe(1);
  });

  test('a refused document is deleted after its days, one of no application after one; an approved one stays', async () => {
    const [kept, refused, fresh] = [await applicant(), await applicant(), await applicant()];
    await admin.send('post', `/admin/kyc/${kept.id}/approve`);
    await admin.send('post', `/admin/kyc/${refused.id}/refuse`, { reason: 'blurred' });
    world.clock.advance(89 * 86_400_000);
    await admin.send('post', `/admin/kyc/${fresh.id}/refuse`, { reason: 'blurred' });
    const dir = join(world.dir, 'kyc');
    for (const name of ['orphan.sealed', 'young.sealed']) await writeFile(join(dir, name), 'x');
    await utimes(join(dir, 'orphan.sealed'), 1, 1);
    world.clock.advance(2 * 86_400_000);
    const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
    await forgetDocuments(
      { dataSource: world.dataSource, clock: world.clock, logger: quiet },
      createVault({ kycKey: world.kycKey, kycDir: dir }),
      90,
    );
    const left = await files();
    expect([kept.id, refused.id, fresh.id, 'orphan', 'young'].map((name) => left.includes(`${name}.sealed`))).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
    await admin.logIn('admin@example.org');
    expect((await admin.get(`/admin/kyc/${refused.id}/document`)).status).toBe(404);
    expect((await admin.get(`/admin/kyc/${kept.id}/document`)).status).toBe(200);
  });
});
