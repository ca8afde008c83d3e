// The door of every npm script: `node deploy/run.mjs <name> [arguments]`. Plain JavaScript with Node's own modules, because
// it runs before anything is installed: checks Node, installs what the lock file says when it changed, runs the command.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [name, ...args] = process.argv.slice(2);

function fail(message) {
  console.error(message);
  process.exit(2);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(
      `Javizen needs Node 20.19 or newer; this is ${process.versions.node}. Get a newer one at https://nodejs.org and try again.`,
    );
  }
}

/** npm itself: the one that called us, else the one beside this Node, else whatever PATH finds. */
function npmCommand() {
  const called = process.env.npm_execpath;
  if (called && /npm-cli\.[cm]?js$/.test(called)) return [process.execPath, [called]];
  const beside = [
    join(dirname(process.execPath), 'node_modules/npm/bin/npm-cli.js'),
    join(dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js'),
  ];
  const found = beside.find((path) => existsSync(path));
  return found ? [process.execPath, [found]] : ['npm', []];
}

function installIfChanged() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules', '.javizen-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.error('Installing the packages named in package-lock.json (about a minute, once) ...');
  const [command, before] = npmCommand();
  const result = spawnSync(command, [...before, 'ci', '--include=dev', '--no-progress'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: command === 'npm' && process.platform === 'win32',
  });
  if (result.status !== 0) fail('npm ci failed (see above). Is the package registry reachable?');
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, lock);
}

function run() {
  const file = `${(name ?? '').replaceAll(':', '-')}.ts`;
  // The test bed may wrap a command of the operator: it starts a local world for it where none runs.
  const command = ['testbed/commands', 'deploy/cli']
    .map((folder) => join(root, folder, file))
    .find((path) => existsSync(path));
  if (!name || !/^[a-z][a-z:-]*$/.test(name) || !command)
    fail(`There is no command "${name ?? ''}". See the scripts in package.json.`);
  const child = spawn(process.execPath, ['--import', 'tsx', command, ...args], { cwd: root, stdio: 'inherit' });
  // The terminal sends Ctrl-C to both; the child stops in its own time and we wait for it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal === 'SIGINT' ? 'SIGINT' : 'SIGTERM'));
  // A shell between npm and us dies of its SIGTERM without a word: whoever started us is gone, and so must this be.
  const { ppid } = process;
  setInterval(() => process.ppid !== ppid && child.kill('SIGTERM'), 500).unref();
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}

checkNode();
installIfChanged();
run();
