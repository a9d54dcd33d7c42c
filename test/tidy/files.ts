import { readFileSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join, relative } from 'node:path';

/** Root of the checkout. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** One file as the laws see it: a path from the root with `/`, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** All files below a directory of the checkout with one of the endings, sorted by path. */
export function filesIn(directory: string, endings: readonly string[] = ['.ts', '.tsx']): SourceFile[] {
  return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    .map((name) => join(root, directory, name))
    .filter((file) => endings.some((ending) => file.endsWith(ending)) && statSync(file).isFile())
    .map((file) => ({
      path: relative(root, file).replaceAll('\\', '/'),
      text: readFileSync(file, 'utf8'),
    }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Text of one file of the checkout. */
export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
