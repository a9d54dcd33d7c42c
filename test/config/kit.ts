import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CompiledConfig } from '../../src/config/compile.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { LoadResult } from '../../src/config/load.ts';
import type { Problem } from '../../src/config/problem.ts';

/** The smallest configuration, for tests that add to it. */
export const SMALLEST = [
  'listen: [{ address: 127.0.0.1:8080 }]',
  'legacy: { servers: [http://127.0.0.1:8081] }',
  'candidate: { servers: [http://127.0.0.1:7001] }',
  '',
].join('\n');

/** A folder with files, removed when the test ends. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** Loads a text as `cutover.yaml`. */
export function load(
  text: string,
  environment: Record<string, string> = {},
  file = 'cutover.yaml',
): LoadResult {
  return loadConfig(file, { text, environment });
}

/** Everything that is said about a text. */
export function everyProblemOf(text: string, environment: Record<string, string> = {}): readonly Problem[] {
  const result = load(text, environment);
  return result.ok ? result.warnings : result.problems;
}

/** The same without the warning that every text has that is silent about canary. */
export function problemsOf(text: string, environment: Record<string, string> = {}): readonly Problem[] {
  return everyProblemOf(text, environment).filter(({ path }) => path !== 'rollout.canary.match');
}

/** Problems as `line:column message | hint`. */
export function told(text: string, environment: Record<string, string> = {}): string[] {
  return problemsOf(text, environment).map(
    ({ line, column, message, hint }) => `${line}:${column} ${message} | ${hint ?? ''}`,
  );
}

export function compiled(text: string, environment: Record<string, string> = {}): CompiledConfig {
  const result = load(text, environment);
  if (!result.ok) throw new Error(JSON.stringify(result.problems, null, 2));
  return result.config;
}
