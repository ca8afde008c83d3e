import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { enrol } from '../second-factor/testing';
import { PNG, testWorld } from '../testing';
import { resealAll } from './reseal';
import { createVault } from './vault';

test('documents, their numbers, the hashes of twins and second factors go over to a new key, and nothing needs the old one after', async () => {
  const world = await testWorld({ limits: { login: 1000 } });
  try {
    await world.account('user@example.org');
    const user = world.visitor();
    await user.logIn('user@example.org');
    const form = {
      fullName: 'Ada Lovelace',
      country: 'GB',
      birthDate: '1990-05-17',
      documentType: 'passport',
      documentNumber: 'P-77',
    };
    const sent = await user.agent
      .post('/api/kyc')
      .set('X-CSRF-Token', user.csrf())
      .field(form)
      .attach('document', PNG, 'passport.png');
    const { id } = sent.body.application as { id: string };
    await enrol(world, user);
    const [next, kycDir] = [randomBytes(32).toString('hex'), join(world.dir, 'kyc')];
    const { dataSource } = world;
    const row = async () =>
      (
        (await dataSource.query(
          'SELECT document_number AS number, document_file AS file, document_hash AS hash, user_id AS userId FROM kyc_applications WHERE id = ?',
          [id],
        )) as { number: string; file: string; hash: string; userId: string }[]
      )[0];
    const before = await row();
    const both = createVault({ kycKey: `${next},${world.kycKey}`, kycDir });
    const alone = createVault({ kycKey: next, kycDir });
    await expect(alone.read(id, before?.file ?? '')).rejects.toThrow();
    // Done twice, as after a kill.
    for (let times = 0; times < 2; times++)
      expect(await resealAll({ dataSource }, both)).toEqual({
        numbers: 1,
        documents: 1,
        secondFactors: 1,
        unreadable: [],
      });
    const after = await row();
    expect(alone.openText(id, after?.number ?? '')).toBe('P-77');
    expect(after?.hash).not.toBe(before?.hash);
    expect((await alone.read(id, after?.file ?? '')).length).toBeGreaterThan(0);
    const [factor] = (await dataSource.query('SELECT secret FROM second_factors')) as { secret: string }[];
    expect(alone.openText(`second-factor:${after?.userId}`, factor?.secret ?? '')).toMatch(/^[0-9a-f]{40}$/);
    // With a key that fits nothing everything is named and left as it is.
    const stranger = createVault({ kycKey: randomBytes(32).toString('hex'), kycDir });
    expect((await resealAll({ dataSource }, stranger)).unreadable).toHaveLength(3);
    expect(await row()).toEqual(after);
    expect(world.failures).toEqual([]);
  } finally {
    await world.close();
  }
});
