import { drillSecrets } from '../../deploy/cli/secrets-drill';

test('the drill of each secret holds, step by step', async () => {
  const steps = await drillSecrets();
  expect(steps.filter(({ held }) => !held)).toEqual([]);
  expect(steps.length).toBeGreaterThanOrEqual(10);
});
