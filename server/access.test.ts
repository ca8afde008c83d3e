/** Who may do what, walked over the whole table of endpoints. */
import { ENDPOINTS } from '../domain/contract/api/endpoints';
import type { Access, Endpoint } from '../domain/contract/api/endpoints';
import { testWorld } from './testing';
import type { TestWorld, Visitor } from './testing';

const ALL: [string, Endpoint][] = Object.entries(ENDPOINTS);
const withAccess = (...accesses: Access[]): [string, Endpoint][] =>
  ALL.filter(([, { access }]) => accesses.includes(access));

let world: TestWorld;
let user: Visitor;
let admin: Visitor;

beforeAll(async () => {
  // Each endpoint is called several times: what may be tried seldom is not what is looked at here.
  world = await testWorld({ limits: { login: 1000 } });
  await world.account('user@example.org', { kycState: 'APPROVED' });
  await world.account('new@example.org');
  await world.account('admin@example.org', { role: 'admin' });
  user = world.visitor();
  admin = world.visitor();
  await user.logIn('user@example.org');
  await admin.logIn('admin@example.org');
});
afterAll(async () => {
  expect(world.failures).toEqual([]);
  await world.close();
});

/** Something for every place in a path. */
const filled = (path: string): string => path.replace(/:[a-z]+/gi, 'none-such');

const call = (who: Visitor, endpoint: Endpoint, headers: Record<string, string> = {}) => {
  const request = who.agent[endpoint.method](`/api${filled(endpoint.path)}`).set(headers);
  if (endpoint.carries === 'multipart') return request.field('fullName', 'x');
  return endpoint.carries.endsWith('json') ? request.send({}) : request;
};

test.each(withAccess('user', 'confirmed', 'verified', 'active', 'admin'))(
  '%s: not for strangers',
  async (_name, endpoint) => {
    const { status, body } = await call(world.visitor(), endpoint);
    expect([status, body.error.code]).toEqual([401, 'NOT_LOGGED_IN']);
  },
);

test.each(withAccess('admin'))('%s: not for users', async (_name, endpoint) => {
  const { status, body } = await call(user, endpoint, { 'X-CSRF-Token': user.csrf() });
  expect([status, body.error.code]).toEqual([403, 'FORBIDDEN']);
});

test.each(withAccess('verified', 'active'))('%s: not before the identity is approved', async (_name, endpoint) => {
  const fresh = world.visitor();
  await fresh.logIn('new@example.org');
  const { body } = await call(fresh, endpoint, { 'X-CSRF-Token': fresh.csrf() });
  expect(body.error.code).toBe('KYC_REQUIRED');
});

const changing = ALL.filter(([, { method }]) => method !== 'get');

test.each(changing.filter(([, { access }]) => access !== 'public'))(
  '%s: not without the token',
  async (_name, endpoint) => {
    for (const headers of [{}, { 'X-CSRF-Token': 'x'.repeat(user.csrf().length) }, { 'X-CSRF-Token': user.csrf() }]) {
      const { status, body } = await call(admin, endpoint, headers as Record<string, string>);
      expect([status, body.error.code]).toEqual([403, 'CSRF']);
    }
  },
);

test.each(changing)('%s: not from another page', async (_name, endpoint) => {
  for (const origin of ['https://evil.example', 'null', `${world.url}.evil.example`]) {
    const { body } = await call(admin, endpoint, { 'X-CSRF-Token': admin.csrf(), Origin: origin });
    expect(body.error.code).toBe('CSRF');
  }
});

test.each(ALL.filter(([, { carries }]) => carries.endsWith('json')))('%s: only JSON', async (_name, endpoint) => {
  const path = `/api${filled(endpoint.path)}`;
  const { body } = await admin.agent[endpoint.method](path)
    .set({ 'X-CSRF-Token': admin.csrf(), 'Content-Type': 'text/plain' })
    .send('{}');
  expect(body.error.code).toBe('BAD_REQUEST');
});

test('a role that was taken away is gone at once', async () => {
  await world.account('was-admin@example.org', { role: 'admin' });
  const visitor = world.visitor();
  await visitor.logIn('was-admin@example.org');
  expect((await visitor.get('/admin/users')).status).toBe(200);
  await world.owner.query("UPDATE users SET role = 'user' WHERE email = 'was-admin@example.org'");
  expect((await visitor.get('/admin/users')).status).toBe(403);
});
