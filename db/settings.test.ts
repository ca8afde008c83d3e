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

test.each([
  [{ log_bin: 'OFF' }, [], ['log_bin is OFF, should be ON: without it a backup cannot be brought up to a moment']],
  [{ log_bin: 'ON', sync_binlog: '1' }, [], []],
  [{ log_bin: 'ON', sync_binlog: '0' }, ['sync_binlog is 0, should be 1'], []],
])('of the binary log: %j', async (values, fatal, warnings) => {
  expect(await checkServerSettings(saying(values), false)).toEqual({ fatal, warnings });
});
