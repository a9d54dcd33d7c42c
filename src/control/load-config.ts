import type { CompiledConfig } from '../config/compile.ts';
import { loadConfig } from '../config/load.ts';
import { renderProblems } from '../config/render.ts';
import { CutoverError } from '../core/errors.ts';

/**
 * Reads the configuration for a start.
 * @throws CutoverError CONFIG_INVALID with every problem of the file
 */
export function loadOrThrow(
  file: string,
  log: (level: 'info' | 'warn' | 'error', message: string) => void,
): CompiledConfig {
  const loaded = loadConfig(file);
  if (!loaded.ok) {
    const message = `the configuration cannot be used\n${renderProblems(loaded.problems)}`;
    throw new CutoverError('CONFIG_INVALID', message, { hint: `cutover check -c ${file}`, exitCode: 2 });
  }
  for (const warning of loaded.warnings) log('warn', `${warning.path}: ${warning.message}`);
  return loaded.config;
}
