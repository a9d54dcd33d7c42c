import { posix } from 'node:path';
import type { SourceFile } from './files.ts';

/** The rooms of src/ in their line: a file imports from its own room and from those before it. */
export const ROOMS = [
  'core',
  'stats',
  'wire',
  'config',
  'diff',
  'telemetry',
  'anomaly',
  'auth',
  'shadow',
  'rollout',
  'store',
  'siem',
  'nginx',
  'gateway',
  'control',
  'replay',
  'report',
  'scenario',
  'dashboard',
  'cli',
] as const;

/** Rooms with a narrower choice than "everything to the left". */
const STRICTER: Readonly<Record<string, readonly string[]>> = {
  stats: ['core'],
  wire: ['core'],
  diff: ['core'],
  rollout: ['core', 'stats', 'telemetry'],
  gateway: ['core', 'wire', 'auth', 'telemetry', 'shadow'],
};

/** The entry of a worker process keeps to the rooms of the gateway. */
const WORKER_ENTRY = 'src/control/worker.ts';
const WORKER_ROOMS = ['core', 'wire', 'auth', 'telemetry', 'shadow', 'gateway'];

/** Who may import a package: rooms, or single files. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  zod: ['config', 'siem', 'scenario', 'control', 'replay', 'report'],
  yaml: ['config', 'scenario', 'control', 'report'],
  'better-sqlite3': ['store'],
  jose: ['auth'],
  commander: ['cli'],
  ink: ['dashboard'],
  react: ['dashboard'],
  undici: ['shadow', 'auth', 'control', 'siem', 'scenario', 'src/gateway/https-origin.ts'],
  'hdr-histogram-js': ['telemetry', 'stats'],
  re2js: ['config', 'src/diff/linear-regexp.ts', 'src/gateway/routing/pattern.ts'],
};

/** Node's own modules that a pure room may load; a room that is absent may load all. */
const BUILTINS: Readonly<Record<string, readonly string[]>> = {
  stats: [],
  wire: ['node:net', 'node:tls', 'node:http2'],
  diff: ['node:zlib'],
  rollout: [],
};

/** Static, type, dynamic and re-exporting imports; the word in quotes is a string. */
const IMPORT = /(?<!['"`.\w])(?:from\s*|import\s*\(?\s*)(['"])([\w@.#/:-]+)\1/g;

/** Every specifier a text imports, in order. Comments are read like code: a commented import is refused, too. */
export function importsOf(text: string): string[] {
  return [...text.matchAll(IMPORT)].map((match) => match[2] as string);
}

function roomOf(path: string): string {
  return path.split('/')[1] as string;
}

/** What breaks the law, one line each: `src/wire/x.ts imports ../config/y.ts: …`. */
export function importProblems(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    importsOf(file.text).flatMap((specifier) => {
      const why = specifier.startsWith('.')
        ? relativeProblem(file.path, specifier)
        : packageProblem(file.path, specifier);
      return why === null ? [] : [`${file.path} imports ${specifier}: ${why}`];
    }),
  );
}

function relativeProblem(path: string, specifier: string): string | null {
  if (!/\.tsx?$/.test(specifier)) return 'relative imports end in .ts';
  const target = posix.join(posix.dirname(path), specifier);
  if (!target.startsWith('src/')) return 'src imports nothing outside src';
  const [room, other] = [roomOf(path), roomOf(target)];
  if (path === WORKER_ENTRY) {
    const sameRoom = other === 'control';
    return sameRoom || WORKER_ROOMS.includes(other) ? null : 'a worker keeps to the rooms of the gateway';
  }
  if (room === other) return null;
  const line: readonly string[] = ROOMS;
  const allowed = STRICTER[room] ?? line.slice(0, line.indexOf(room));
  return allowed.includes(other) ? null : `${room} may not import ${other}`;
}

function packageProblem(path: string, specifier: string): string | null {
  const room = roomOf(path);
  if (specifier.startsWith('node:')) {
    const allowed = BUILTINS[room];
    return allowed === undefined || allowed.includes(specifier) ? null : `${room} does no I/O of this kind`;
  }
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  const allowed = LIBRARIES[name];
  if (allowed === undefined) return `${name} is no library of the project`;
  return allowed.includes(room) || allowed.includes(path) ? null : `${name} belongs to ${allowed.join(', ')}`;
}

/** Files of src a worker process loads, by following value imports from its entry; type imports are erased. */
export function loadedBy(entry: string, files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file.text]));
  const seen = new Set<string>();
  const visit = (path: string): void => {
    const text = byPath.get(path);
    if (text === undefined || seen.has(path)) return;
    seen.add(path);
    const values = text.replaceAll(/^\s*(?:import|export) type [^;]*;/gm, '');
    for (const specifier of importsOf(values)) {
      if (specifier.startsWith('.')) visit(posix.join(posix.dirname(path), specifier));
    }
  };
  visit(entry);
  return [...seen];
}
