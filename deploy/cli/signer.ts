/**
 * `npm run signer -- admins | enrol <e-mail> <public key or its file> | revoke <key id> | make-key <file> | users | drop-user <user id>`: whose
 * approvals and confirmations the signer believes. For its operator, where it runs; the exchange cannot do it. With `--json` one object a line.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  adminsFile,
  dropUserKeys,
  enrolAdmin,
  makeAdminKey,
  readAdmins,
  revokeAdmin,
  userKeysIn,
} from '../../wallets/keys';
import { fileSettings, loadEnvFile } from '../config';
import { runCommand } from './lifetime';
import { json, line, table, wantsJson } from './print';
import { LOCAL_WORLD } from '../config/running';

const USAGE = `npm run signer -- admins                             who is enrolled
npm run signer -- enrol <e-mail> <key or file>       enrols an admin's public key (base64 of the page, or a PEM file)
npm run signer -- revoke <key id>                    takes a key back; what was signed with it counts no more
npm run signer -- make-key <file>                    makes a key pair for a program: <file> and <file>.pub
npm run signer -- users                              the users whose passkeys the signer knows
npm run signer -- drop-user <user id>                somebody has lost all passkeys: their withdrawals need none until they add another`;

/** The signer's directory: of the settings, or of the local world. */
const directory = (): string =>
  loadEnvFile().SIGNER_DIR ||
  fileSettings('signer', process.env, ['SIGNER_DIR']).SIGNER_DIR ||
  join(LOCAL_WORLD, 'keys');

function show(file: string): void {
  const admins = readAdmins(file).map(({ name, key }) => ({ name, key }));
  if (wantsJson()) {
    admins.forEach(json);
    return json({ admins: admins.length, file });
  }
  table(
    ['admin', 'key'],
    admins.map(({ name, key }) => [name, key]),
  );
  line(`\n  ${admins.length} key(s) in ${file}`);
}

function showUsers(dir: string): void {
  const users = [...userKeysIn(dir)].map(([user, passkeys]) => ({ user, passkeys }));
  if (wantsJson()) {
    users.forEach(json);
    return json({ users: users.length });
  }
  table(
    ['user', 'passkeys'],
    users.map(({ user, passkeys }) => [user, String(passkeys)]),
  );
  line(`\n  ${users.length} user(s) with passkeys`);
}

async function main(): Promise<number> {
  const [what, first = '', second = ''] = process.argv.slice(2).filter((word) => !word.startsWith('--'));
  const dir = directory();
  const file = adminsFile(dir);
  if (what === 'make-key' && first !== '') {
    if (existsSync(first)) throw new Error(`${first} is there already; name another file`);
    const { privateKey, publicKey } = makeAdminKey();
    writeFileSync(first, privateKey, { mode: 0o600 });
    writeFileSync(`${first}.pub`, `${publicKey}\n`);
    if (wantsJson()) json({ privateKey: first, publicKey: `${first}.pub` });
    else
      line(
        `  Made ${first} (keep it secret) and ${first}.pub (enrol it: npm run signer -- enrol <e-mail> ${first}.pub)`,
      );
    return 0;
  }
  if (what === 'users' || (what === 'drop-user' && first !== '')) {
    if (what === 'drop-user') dropUserKeys(dir, first, Date.now());
    showUsers(dir);
    return 0;
  }
  if (what === 'enrol' && second !== '') {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    enrolAdmin(file, first, existsSync(second) ? readFileSync(second, 'utf8') : second, Date.now());
  } else if (what === 'revoke' && first !== '') revokeAdmin(file, first, Date.now());
  else if (what !== 'admins') {
    process.stderr.write(`${USAGE}\n`);
    return 2;
  }
  show(file);
  return 0;
}

runCommand(main);
