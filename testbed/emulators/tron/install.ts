import { installPart } from '../install';

/** The virtual machine of the TRON emulator into `dir`: see `installPart`. */
export const installTron = (dir: string, say?: (line: string) => void, env?: NodeJS.ProcessEnv): string | undefined =>
  installPart(
    {
      source: __dirname,
      main: '@ethereumjs/evm',
      what: 'the virtual machine of the TRON emulator (once, 15 MB)',
      without: 'There is no local TRON',
    },
    dir,
    say,
    env,
  );
