import { installPart } from '../install';

/** bcoin into `dir`: see `installPart`. */
export const installBcoin = (dir: string, say?: (line: string) => void, env?: NodeJS.ProcessEnv): string | undefined =>
  installPart(
    {
      source: __dirname,
      main: 'bcoin',
      what: 'bcoin, a Bitcoin node (once, 20 MB)',
      without: 'There is no local Bitcoin',
    },
    dir,
    say,
    env,
  );
