import { checkServerSettings } from './settings';

/** A database whose server says of its variables what a test wants. */
const saying = (values: Record<string, string>) =>
  ({
    query: async () => Object.entries(values).map(([name, value]) => ({ Variable_name: name, Value: value })),
  }) as never;

test.each([
  ['STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', []],
  [
    'STRICT_TRANS_TABLES,NO_BACKSLASH_ESCAPES',
    ['sql_mode is STRICT_TRANS_TABLES,NO_BACKSLASH_ESCAPES, should be without NO_BACKSLASH_ESCAPES'],
  ],
  ['NO_ENGINE_SUBSTITUTION', ['sql_mode is NO_ENGINE_SUBSTITUTION, should be STRICT_ALL_TABLES']],
])('with sql_mode %s the start is refused for %j', async (mode, fatal) => {
  expect((await checkServerSettings(saying({ sql_mode: mode }), true)).fatal).toEqual(fatal);
});
