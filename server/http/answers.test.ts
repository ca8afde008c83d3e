import { z } from 'zod';
import { KycApplicationEntity } from '../../db/entities/accounts';
import { recordAdminAction } from '../../db/stores/admin-audit';
import { orderView } from '../../domain/contract/api/orders';
import { listOf } from '../../domain/contract/api/common';
import type { DomainEvent } from '../../domain/contract/events';
import { simpleBus, testWorld } from '../testing';
import type { TestWorld, Visitor } from '../testing';
import { createAnswers } from './answers';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const item = z.object({ id: z.string(), n: z.number() });

describe('made to exactly its schema', () => {
  const answers = (exactAnswers: boolean) => createAnswers({ events: simpleBus(), logger: quiet }, { exactAnswers });

  test('what a schema does not name does not leave, and is a fault in tests', () => {
    const answer = { id: 'a', n: 1, secret: 'x' };
    expect(answers(false).make(item, answer, 'one')).toEqual({ id: 'a', n: 1 });
    expect(() => answers(true).make(item, answer, 'one')).toThrow('has what its schema does not name: secret');
    expect(() => answers(true).make(listOf(item), { items: [answer] }, 'many')).toThrow('items.0.secret');
    expect(answers(true).make(item, { id: 'a', n: 1, secret: undefined }, 'one')).toEqual({ id: 'a', n: 1 });
  });

  test('what does not fit throws, but one row of a list leaves the others, and operators hear of it once', () => {
    const events = simpleBus();
    const heard: DomainEvent[] = [];
    events.on('alert', (event) => void heard.push(event));
    const { make } = createAnswers({ events, logger: quiet }, { exactAnswers: true });
    expect(() => make(item, { id: 'a', n: 'one' }, 'one')).toThrow('does not fit its schema');
    const list = {
      items: [
        { id: 'a', n: 1 },
        { id: 'b', n: 'two' },
        { id: 'c', n: 3 },
      ],
    };
    for (let turn = 0; turn < 2; turn++)
      expect(make(listOf(item), list, 'many')).toEqual({
        items: [
          { id: 'a', n: 1 },
          { id: 'c', n: 3 },
        ],
        unreadable: ['b'],
      });
    expect(heard).toEqual([expect.objectContaining({ code: 'ROW_UNREADABLE', details: { list: 'many', id: 'b' } })]);
  });
});

describe('on a server', () => {
  const ORDER = { symbol: 'ETHUSDT', side: 'BUY', type: 'LIMIT', quantity: '1.5', price: '3000' };
  let world: TestWorld;
  let admin: Visitor;
  beforeAll(async () => {
    world = await testWorld();
    await world.account('user@example.org', { kycState: 'APPROVED' });
    await world.account('boss@example.org', { role: 'admin' });
    admin = world.visitor();
    await admin.logIn('boss@example.org');
  });
  afterAll(() => world.close());

  test.each(['/orders', '/orders?slow=1'])(
    'an order that is sent again has the columns of the first answer: %s',
    async (path) => {
      const user = world.visitor();
      await user.logIn('user@example.org');
      const send = () => user.send('post', path, ORDER, { 'Idempotency-Key': `again-${path.length}-key` });
      const [first, again] = [await send(), await send()];
      expect([first.status, again.status]).toEqual([201, 201]);
      expect(Object.keys(again.body as object).toSorted()).toEqual(Object.keys(orderView.shape).toSorted());
      expect(again.body).toEqual(first.body);
    },
  );

  test('the audit log shows rows with ids of older versions, and a row that cannot be read does not take the others with it', async () => {
    const row = { adminId: 'admin1', action: 'withdrawal.approve', subject: 'wd_1', details: {}, at: 5 };
    await recordAdminAction(world.dataSource, { ...row, id: 'withdrawal:wd_1:approve:0' });
    await recordAdminAction(world.dataSource, { ...row, id: 'broken', adminId: 'no such id' });
    const { status, body } = await admin.get('/admin/audit-log');
    expect([status, body.unreadable]).toEqual([200, ['broken']]);
    expect((body.items as { id: string }[]).map(({ id }) => id)).toEqual(['withdrawal:wd_1:approve:0']);
    expect(world.failures.splice(0)).toHaveLength(1);
  });

  test('an application whose number was sealed with another key is named, not a fault of the whole queue', async () => {
    const rows = world.dataSource.getRepository(KycApplicationEntity);
    await rows.insert({
      id: 'k1',
      userId: 'u1',
      state: 'SUBMITTED',
      fullName: 'A',
      country: 'DE',
      birthDate: '1990-01-01',
      documentType: 'passport',
      documentNumber: 'not sealed by us',
      documentFile: 'f',
      documentMime: 'image/png',
      reason: null,
      createdAt: 1,
      decidedAt: null,
      decidedBy: null,
    });
    const { status, body } = await admin.get('/admin/kyc?state=SUBMITTED');
    expect([status, body]).toEqual([200, { items: [], next: null, previous: null, unreadable: ['k1'] }]);
  });
});
