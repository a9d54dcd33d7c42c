import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from './shared-data.ts';

/** The package as it is published: compiled, without sources. */
export interface BuiltPackage {
  /** Its `bin/cutover.js`. */
  readonly program: string;
  readonly remove: () => void;
}

/** Compiles the sources into a folder of their own. @throws when they do not compile */
export function buildPackage(): BuiltPackage {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-package-'));
  const compiler = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
  const config = join(REPOSITORY, 'tsconfig.build.json');
  execFileSync(process.execPath, [compiler, '-p', config, '--outDir', join(folder, 'dist')]);
  for (const part of ['bin', 'package.json']) {
    cpSync(join(REPOSITORY, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
  return {
    program: join(folder, 'bin/cutover.js'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
