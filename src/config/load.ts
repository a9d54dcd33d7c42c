import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { LIMITS } from '../core/limits.ts';
import { messageOf, systemCode } from '../core/errors.ts';
import { checkAdmin } from './checks/admin.ts';
import { checkAddresses } from './checks/addresses.ts';
import { checkCandidate } from './checks/candidate.ts';
import { checkDifferences } from './checks/differences.ts';
import { checkEndpointTemplates } from './checks/endpoints.ts';
import { checkFilters } from './checks/filters.ts';
import { checkLimits } from './checks/limits.ts';
import { checkNotify } from './checks/notify.ts';
import { checkRollout } from './checks/rollout.ts';
import { checkSecrets } from './checks/secrets.ts';
import { checkSiem } from './checks/siem.ts';
import { checkTls } from './checks/tls.ts';
import { compile } from './compile.ts';
import type { CompiledConfig } from './compile.ts';
import { issueFindings } from './explain.ts';
import { inspectAhead } from './filter-inspection.ts';
import type { FilterModule } from './filter-inspection.ts';
import type { Inputs } from './inputs.ts';
import type { Environment } from './interpolate.ts';
import { pathText } from './problem.ts';
import type { Finding, Problem } from './problem.ts';
import { configSchema } from './schema.ts';
import { readSource } from './source.ts';
import type { Source } from './source.ts';

/** A configuration to run on, or everything that is wrong with it: errors first, then warnings, in the order of the file. */
export type LoadResult =
  | { readonly ok: true; readonly config: CompiledConfig; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface LoadOptions {
  /** Variables for `${NAME}` and `{ env: NAME }`; the process's own if left out. */
  readonly environment?: Environment;
  /** Gets the absolute path of every file that is read beside the configuration. */
  readonly files?: Set<string>;
  /** Says what a module of a filter is; the module is loaded if left out. */
  readonly inspect?: Inputs['inspect'];
  /** Gets the values as they are written, without those of variables. */
  readonly plain?: (read: () => unknown) => void;
  /** The text itself, when it does not stand in the file. */
  readonly text?: string;
}

/**
 * Reads, checks and compiles `cutover.yaml`. It never throws for what stands in a file.
 * @param file path, or `-` for standard input; relative paths inside start at its folder
 */
export function loadConfig(file: string, options: LoadOptions = {}): LoadResult {
  const shown = file === '-' ? '<stdin>' : file;
  const text = options.text === undefined ? readText(file) : { text: options.text };
  if ('problem' in text) return { ok: false, problems: [text.problem] };
  const environment = options.environment ?? process.env;
  const folder = file === '-' ? process.cwd() : dirname(resolve(file));
  const inputs = {
    folder,
    environment,
    ...(options.files === undefined ? {} : { files: options.files }),
    ...(options.inspect === undefined ? {} : { inspect: options.inspect }),
  };
  const source = readSource(shown, text.text, environment);
  options.plain?.(source.plain);
  return loadText(source, text.text, inputs);
}

/** For who does not run the filters: their modules are not loaded, and no process is started for them. */
export const WITHOUT_FILTERS: Pick<LoadOptions, 'inspect'> = {
  inspect: () => ({ ok: true, files: [], hooks: [] }),
};

/**
 * Loads the modules of filters that this configuration names without holding up this process, as reading it would: the
 * next {@link loadConfig} knows them.
 * @param text what is taken instead of the file's
 */
export async function loadFiltersAhead(file: string, text: string | null = null): Promise<void> {
  const modules: FilterModule[] = [];
  const inspect = (module: FilterModule) => {
    modules.push(module);
    return { ok: true, files: [], hooks: [] } as const;
  };
  loadConfig(file, { inspect, ...(text === null ? {} : { text }) });
  await inspectAhead(modules);
}

function loadText(source: Source, text: string, inputs: Inputs): LoadResult {
  const shape = configSchema.safeParse(source.raw);
  const wrong =
    shape.success || source.raw === undefined
      ? []
      : issueFindings(configSchema, source.raw, shape.error.issues);
  const findings = source.raw === undefined ? [] : everyFinding(source, wrong, inputs);
  const problems = inOrder([...source.problems, ...findings.map(source.locate)]);
  if (!shape.success || problems.some((problem) => problem.severity === 'error'))
    return { ok: false, problems };
  try {
    const config = compile(shape.data, inputs);
    return { ok: true, config: { ...config, text }, warnings: problems };
  } catch (thrown) {
    return { ok: false, problems: [wholeFile(source.file, messageOf(thrown), 'run it again')] };
  }
}

/** What the schema says and what the checks of meaning say; where both speak about one value, the check. */
function everyFinding(source: Source, wrong: readonly Finding[], inputs: Inputs): Finding[] {
  const checked = [
    ...checkCandidate(source),
    ...checkEndpointTemplates(source),
    ...checkAddresses(source),
    ...checkAdmin(source, inputs),
    ...checkLimits(source),
    ...checkRollout(source),
    ...checkFilters(source, inputs),
    ...checkDifferences(source),
    ...checkSecrets(source, inputs),
    ...checkNotify(source, inputs),
    ...checkTls(source, inputs),
    ...checkSiem(source, inputs),
  ];
  const spoken = new Set(
    checked.filter((found) => found.severity === 'error').map((found) => pathText(found.path)),
  );
  const shape = wrong.filter((found) => !spoken.has(pathText(found.path)));
  return [...shape, ...checked].slice(0, LIMITS.configProblems * 10);
}

/** Errors before warnings, each by line and column. Too many end with a line that counts the rest. */
function inOrder(problems: readonly Problem[]): Problem[] {
  const sorted = problems.toSorted(
    (a, b) => a.severity.localeCompare(b.severity) || a.line - b.line || a.column - b.column,
  );
  const rest = sorted.splice(LIMITS.configProblems);
  const last = sorted.at(-1);
  if (rest.length === 0 || last === undefined) return sorted;
  const severity = rest.some((problem) => problem.severity === 'error') ? 'error' : 'warning';
  return [...sorted, { ...wholeFile(last.file, `${rest.length} more, not shown`, null), severity }];
}

function readText(file: string): { readonly text: string } | { readonly problem: Problem } {
  try {
    const bytes = readFileSync(file === '-' ? 0 : file);
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (thrown) {
    const absent = systemCode(thrown) === 'ENOENT';
    const why = systemCode(thrown).startsWith('E') ? systemCode(thrown) : 'it is not UTF-8';
    const message = absent ? 'there is no such file' : `the file cannot be read (${why})`;
    return {
      problem: wholeFile(file, message, absent ? 'write one: cutover init, or name one: -c FILE' : null),
    };
  }
}

function wholeFile(file: string, message: string, hint: string | null): Problem {
  return { severity: 'error', file, line: 0, column: 0, path: '', message, hint, excerpt: null };
}
