// A registry can lag behind for the optional packages of other platforms; npm then leaves them out of the lock file and
// `npm ci` refuses it ("Missing: <package> from lock file"). This adds the missing entries, version only.
// Run it after every `npm install` that changes the lock: `node deploy/lock-stubs.mjs`, then `npm ci --dry-run`.
import { readFileSync, writeFileSync } from 'node:fs';

const file = 'package-lock.json';
const lock = JSON.parse(readFileSync(file, 'utf8'));
const systems = ['darwin', 'win32', 'linux', 'android', 'freebsd', 'openharmony'];
const cpuOf = (name) => {
  if (/arm64|aarch64/.test(name)) return ['arm64'];
  if (/amd64|x64/.test(name)) return ['x64'];
  if (/ia32/.test(name)) return ['ia32'];
  return /arm/.test(name) ? ['arm'] : undefined;
};

const known = new Set(Object.keys(lock.packages).map((path) => path.replace(/^.*node_modules\//, '')));
let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    // Exact pins only: that is how packages list their platform builds.
    if (path === '' || !/^\d/.test(version) || known.has(name)) continue;
    const os = systems.find((system) => name.includes(`-${system}`));
    if (!os) continue;
    const cpu = cpuOf(name);
    lock.packages[`node_modules/${name}`] = {
      version,
      ...(cpu && { cpu }),
      ...(entry.dev && { dev: true }),
      optional: true,
      os: [os],
    };
    known.add(name);
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`lock file: ${added} platform entries added`);
