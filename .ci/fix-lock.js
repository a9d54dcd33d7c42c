#!/usr/bin/env node
// Mends what npm leaves out of package-lock.json. Run after every `npm install` (`npm run lock`).
//
// 1. npm drops `gypfile: false` when it writes the lock file (npm/cli#3341), and without it `npm ci` tries to
//    compile better-sqlite3 although it ships prebuilt binaries.
// 2. A registry mirror that lacks the binaries of other platforms makes npm leave them out; npm 11 and 12 then
//    refuse `npm ci` everywhere. They are written down without an integrity, as the parent package pins them.
import { readFileSync, writeFileSync } from 'node:fs';

const OS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32', 'wasm32'];
const CPU = ['x64', 'arm64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'wasm32'];

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));

const sqlite = lock.packages['node_modules/better-sqlite3'];
delete sqlite.gypfile;
sqlite.gypfile = false;

for (const [parent, { dev, optionalDependencies = {} }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent === '' ? {} : optionalDependencies)) {
    const place = `node_modules/${name}`;
    const words = name.split('/').pop().split('-');
    const os = OS.filter((one) => words.includes(one));
    if (lock.packages[place] !== undefined || os.length === 0) continue;
    const cpu = CPU.filter((one) => words.some((word) => word === one));
    const libc = words.includes('musl') ? ['musl'] : words.includes('gnu') ? ['glibc'] : [];
    lock.packages[place] = {
      version,
      cpu: cpu.length > 0 ? cpu : ['arm'],
      ...(dev ? { dev: true } : {}),
      ...(libc.length > 0 ? { libc } : {}),
      optional: true,
      os,
    };
  }
}

lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0)),
);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
