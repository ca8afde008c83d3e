/**
 * `npm run operator -- position | contribute <asset> <amount> [--place hot/ethereum] | grant <e-mail> <asset> <amount>
 * --why "..."`: the operator's own money, by the door of the exchange that runs here (OPERATOR_SOCKET). With `--json`
 * one object a line.
 */
import { randomUUID } from 'node:crypto';
import { loadEnvFile } from '../config';
import { DomainError } from '../../domain/contract/errors';
import { runCommand } from './lifetime';
import { operatorAt } from '../operator/door';
import type { OperatorPosition } from '../operator/desk';
import { localSetting } from '../config/running';
import { json, line, option, table, wantsJson } from './print';

const USAGE = `npm run operator -- position                                        what is the operator's, and what lies unexplained where
npm run operator -- contribute <asset> <amount> [--place P]         books coins that were sent to a hot wallet, to cold storage or to the venue
npm run operator -- grant <e-mail> <asset> <amount> --why "..."     gives a user coins of the operator's own
With --reference R (8 to 100 letters, digits, : _ -) the same call again has one effect.`;

/** The socket of the settings, or of the local world that runs. */
function socketPath(): string {
  const given = loadEnvFile().OPERATOR_SOCKET || localSetting('OPERATOR_SOCKET');
  if (given) return given;
  throw new Error('No exchange is known here: set OPERATOR_SOCKET as the exchange has it, and run this as its user.');
}

function printPosition({ position, places, addresses }: OperatorPosition): void {
  if (wantsJson()) {
    for (const row of places) json(row);
    return json({ position, addresses });
  }
  table(
    ['place', 'asset', 'booked', 'there', 'unexplained'],
    places.map(({ place, asset, booked, actual, unexplained }) => [
      place,
      asset,
      booked,
      actual ?? 'unreadable',
      unexplained === '0' ? '' : (unexplained ?? ''),
    ]),
  );
  line('');
  table(
    ['asset', "operator's position"],
    position.map(({ asset, amount }) => [asset, amount]),
  );
  line('\n  Coins for network fees go to these addresses; then: npm run operator -- contribute <asset> <amount>\n');
  table(
    ['network', 'asset', 'hot wallet'],
    addresses.map(({ network, asset, address }) => [network, asset, address]),
  );
}

async function main(): Promise<number> {
  const words = process.argv
    .slice(2)
    .filter((word, at, all) => !word.startsWith('--') && !/^--(place|why|reference)$/.test(all[at - 1] ?? ''));
  const [what, ...given] = words;
  const reference = option('reference') ?? randomUUID();
  const place = option('place');
  if (what === 'position') printPosition(await operatorAt(socketPath()).position());
  else if (what === 'contribute' && given.length === 2) {
    const [asset = '', amount = ''] = given;
    const [booked] = await operatorAt(socketPath()).contribute([{ asset, amount, reference, ...(place && { place }) }]);
    if (wantsJson()) json({ ...booked, reference });
    else line(`  ${amount} ${asset} at ${booked?.place} are booked as the operator's (reference ${reference}).`);
  } else if (what === 'grant' && given.length === 3) {
    const [email = '', asset = '', amount = ''] = given;
    const granted = await operatorAt(socketPath()).grant({ email, asset, amount, why: option('why') ?? '', reference });
    if (wantsJson()) json({ ...granted, reference });
    else line(`  ${amount} ${asset} were given to ${email} (reference ${reference}).`);
  } else {
    process.stderr.write(`${USAGE}\n`);
    return 2;
  }
  return 0;
}

runCommand(() =>
  main().catch((error: unknown) => {
    if (!(error instanceof DomainError)) throw error;
    if (wantsJson()) json({ refused: error.code, ...error.details });
    else process.stderr.write(`  Refused: ${error.message} ${error.details ? JSON.stringify(error.details) : ''}\n`);
    return 1;
  }),
);
