import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HASH_CHARS = 12;

/** The product's root: two levels above both src/control and dist/control. */
const ROOT = new URL('../../', import.meta.url);

/**
 * Names a build: the version in package.json and a hash of the files that run, such as `0.1.0+1f0c9a77e2b4`, so
 * that figures of two builds are never mixed, whether or not somebody raised the version.
 * @param folder of the shipped files
 */
export function buildName(folder: URL = new URL('../', import.meta.url)): string {
  const { version } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as { version: string };
  return `${version}+${contentHash(folder)}`;
}

function contentHash(folder: URL): string {
  const hash = createHash('sha256');
  const path = fileURLToPath(folder);
  for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' }).toSorted()) {
    if (!isShipped(name)) continue;
    const content = readFileSync(join(path, name));
    hash.update(`${name}\n${content.length}\n`).update(content);
  }
  return hash.digest('hex').slice(0, HASH_CHARS);
}

function isShipped(name: string): boolean {
  return /\.(?:[jt]s|sql)$/.test(name) && !name.endsWith('.d.ts');
}
