import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HASH_CHARS = 12;

/** The product's root: two levels above both src/control and dist/control. */
const ROOT = new URL('../../', import.meta.url);

/** One build of the product. */
export interface Build {
  /** Version and content, see {@link buildName}. */
  readonly name: string;
  /** When the newest of its files was written, milliseconds since the Unix epoch. */
  readonly madeMs: number;
}

/**
 * Names a build: the version in package.json and a hash of the files that run, such as `0.1.0+1f0c9a77e2b4`, so
 * that figures of two builds are never mixed, whether or not somebody raised the version.
 * @param folder of the shipped files
 */
export function buildName(folder: URL = new URL('../', import.meta.url)): string {
  return buildOf(folder).name;
}

/** The build whose files are in a folder. */
export function buildOf(folder: URL = new URL('../', import.meta.url)): Build {
  const { version } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as { version: string };
  const { hash, madeMs } = readShipped(fileURLToPath(folder));
  return { name: `${version}+${hash}`, madeMs };
}

/**
 * Whether a build is newer than another: its version is higher (semver.org, section 11); or the version is the same,
 * the content is not, and its files were written later. The same content is never newer.
 */
export function isNewerBuild(build: Build, than: Build): boolean {
  if (build.name === than.name) return false;
  const order = compareVersions(versionOf(build), versionOf(than));
  return order === 0 ? build.madeMs > than.madeMs : order > 0;
}

function versionOf({ name }: Build): string {
  return name.split('+', 1)[0] ?? '';
}

/** Positive when `a` is higher. */
function compareVersions(a: string, b: string): number {
  const [coreA, preA] = cut(a);
  const [coreB, preB] = cut(b);
  const core = comparePieces(coreA, coreB);
  if (core !== 0 || preA === preB) return core;
  // A release is higher than what led to it.
  if (preA === undefined) return 1;
  return preB === undefined ? -1 : comparePieces(preA, preB);
}

function cut(version: string): [core: string, prerelease?: string] {
  const dash = version.indexOf('-');
  return dash < 0 ? [version] : [version.slice(0, dash), version.slice(dash + 1)];
}

function comparePieces(a: string, b: string): number {
  const [left, right] = [a.split('.'), b.split('.')];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const order = comparePiece(left[index], right[index]);
    if (order !== 0) return order;
  }
  return 0;
}

/** Numbers by value and below words; words by code; a longer list is higher. */
function comparePiece(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  const [numberA, numberB] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (numberA && numberB) return Number(a) - Number(b);
  if (numberA !== numberB) return numberA ? -1 : 1;
  return a < b ? -1 : 1;
}

function readShipped(path: string): { readonly hash: string; readonly madeMs: number } {
  const hash = createHash('sha256');
  let madeMs = 0;
  for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' }).toSorted()) {
    if (!isShipped(name)) continue;
    const file = join(path, name);
    const content = readFileSync(file);
    hash.update(`${name}\n${content.length}\n`).update(content);
    madeMs = Math.max(madeMs, Math.floor(statSync(file).mtimeMs));
  }
  return { hash: hash.digest('hex').slice(0, HASH_CHARS), madeMs };
}

function isShipped(name: string): boolean {
  return /\.(?:[jt]s|sql)$/.test(name) && !name.endsWith('.d.ts');
}
