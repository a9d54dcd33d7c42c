import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseAddress } from '../config/fields-net.ts';
import type { Address } from '../config/fields-net.ts';
import { loadConfig } from '../config/load.ts';
import type { Path, Problem } from '../config/problem.ts';
import { readSource } from '../config/source.ts';
import { valueAt } from '../config/view.ts';
import { CutoverError } from '../core/errors.ts';
import { ConfigurationError } from './configuration.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import type { Options } from './options.ts';
import { isRemote } from './remote.ts';
import { shellWord } from './shell-word.ts';

/** Where the gateway of one command line is; null where neither a flag nor the file says. */
export interface Place {
  readonly admin: string | null;
  /** Absolute, or as `--run-dir` has it. */
  readonly runDir: string | null;
  /** Why one of them is null. */
  readonly error: CutoverError | null;
}

/**
 * Finds the gateway. A file with problems still says where it is, because a typo must not block the way out:
 * `admin` and `runDir` are read alone then, and one line on stderr says so. With both flags no file is read.
 */
export function placeOf(io: Io, options: Options): Place {
  const { admin, runDir } = options;
  if (isRemote(options)) return { admin: admin ?? null, runDir: null, error: elsewhere() };
  if (admin !== undefined && runDir !== undefined) return { admin, runDir, error: null };
  const result = loadConfig(options.config);
  if (result.ok) {
    const { node } = result.config;
    return { admin: admin ?? addressText(node.admin), runDir: runDir ?? node.runDir, error: null };
  }
  const error = new ConfigurationError(options.config, result.problems);
  const read = readAlone(options.config, result.problems);
  const place = { admin: admin ?? read.admin, runDir: runDir ?? read.runDir, error };
  const found = read.admin !== null || read.runDir !== null;
  if (found && options.json !== true) {
    io.err.write(`warning: ${error.message}; only admin and runDir are read (cutover check shows all)\n`);
  }
  return place;
}

function elsewhere(): CutoverError {
  return new CutoverError('USAGE', 'the gateway is on another machine, and so is its run directory', {
    hint: 'run this command there',
    exitCode: EXIT.usage,
  });
}

/** `cutover bypass --run-dir DIR` for this gateway: the way out that needs neither file nor supervisor. */
export function bypassCommand(place: Place, { config }: Options): string {
  const usual = resolve(folderOf(config), 'run');
  const runDir = place.runDir ?? (existsSync(usual) ? usual : 'DIR');
  return `cutover bypass --run-dir ${shellWord(runDir)}`;
}

function folderOf(file: string): string {
  return file === '-' ? process.cwd() : dirname(resolve(file));
}

type Found = { readonly admin: string | null; readonly runDir: string | null };
const NOTHING: Found = { admin: null, runDir: null };

/** The two settings, whatever is wrong with the others; the defaults where they are left out. */
function readAlone(file: string, problems: readonly Problem[]): Found {
  const text = textOf(file);
  if (text === null) return NOTHING;
  const whole = readSource(file, text, process.env).raw;
  const raw = whole === undefined ? readSource(file, blocksOf(text), process.env).raw : whole;
  if (raw === undefined || (whole === undefined && text.trimStart().startsWith('{'))) return NOTHING;
  // A key that was meant to be one of the two: its default would be another gateway.
  const misspelt = (key: string): boolean => problems.some(({ hint }) => hint === `did you mean "${key}"?`);
  const runDir = misspelt('runDir') ? null : settingOf(raw, ['runDir'], './run');
  const address = ['admin', 'address'].some(misspelt)
    ? null
    : settingOf(raw, ['admin', 'address'], '127.0.0.1:9901');
  const parsed = address === null ? null : parseAddress(address);
  return {
    admin: parsed === null ? null : addressText(parsed),
    runDir: runDir === null ? null : resolve(folderOf(file), runDir),
  };
}

/** A text, its default when it is left out, or null when what stands there cannot be used. */
function settingOf(raw: unknown, path: Path, otherwise: string): string | null {
  const above = valueAt(raw, path.slice(0, -1));
  if (above !== undefined && above !== null && typeof above !== 'object') return null;
  const value = valueAt(raw, path) ?? otherwise;
  return typeof value === 'string' && !value.includes('${') ? value : null;
}

function textOf(file: string): string | null {
  try {
    return file === '-' ? null : readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** The lines of the two settings only, so that a defect of YAML elsewhere hides neither. */
function blocksOf(text: string): string {
  let inside = false;
  return text
    .split('\n')
    .filter((line) => {
      if (/^[^\s#]/.test(line)) inside = /^(?:admin|runDir)\s*:/.test(line);
      return inside;
    })
    .join('\n');
}

/** `127.0.0.1:9901`, `[::1]:9901`. */
function addressText({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
