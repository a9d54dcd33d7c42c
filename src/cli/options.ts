import { InvalidArgumentError, Option } from 'commander';
import { LIMITS } from '../core/limits.ts';
import { DIFFERENCE_KINDS } from '../core/observation.ts';
import type { ClassVerdict } from '../telemetry/class-verdict.ts';
import { PHASES } from '../core/snapshot.ts';
import { parseDurationMs } from '../core/units.ts';
import type { Target } from '../rollout/position.ts';
import { parseGoal } from './goal.ts';
import type { Goal } from './goal.ts';
import type { ReplayFlags } from './replay-options.ts';
import { parsePlace } from './position.ts';

/** What a report can be written as. */
const REPORT_FORMATS = ['md', 'json'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** What the flags of all verbs come to; a verb sees those it declares. */
export interface Options extends ReplayFlags {
  /** Path of the configuration. */
  readonly config: string;
  /** It was named, by flag or environment. */
  readonly configNamed: boolean;
  /** False with `--no-color`. */
  readonly color: boolean;
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly approve?: boolean;
  readonly off?: boolean;
  readonly watch?: boolean;
  readonly reason?: string;
  readonly to?: Target;
  /** One region alone. */
  readonly region?: string;
  /** `host:port` of the admin API, instead of the configured one. */
  readonly admin?: string;
  /** Run directory, instead of the configured one. */
  readonly runDir?: string;
  readonly legacy?: string;
  readonly candidate?: string;
  /** Longest wait for an answer of the gateway. */
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly limit: number;
  /** Of `history`: the entry whose evidence is printed. */
  readonly evidence?: number;
  /** Of `differences`: which classes are listed, and how many of them are passed over. */
  readonly endpoint?: string;
  readonly kind?: (typeof DIFFERENCE_KINDS)[number];
  readonly verdict?: ClassVerdict['verdict'];
  readonly offset?: number;
  /** Of a rehearsal, instead of the scenario's. */
  readonly seed?: number;
  readonly keep?: boolean;
  /** Of `run`: from whatever supervisor runs. */
  readonly takeOver?: boolean;
  /** What `wait` waits for. */
  readonly for?: Goal;
  /** Of a report; each output belongs to the format at the same place. */
  readonly format?: readonly ReportFormat[];
  readonly output?: readonly string[];
  /** Who answers for an accepted rule, and how long it holds. */
  readonly owner?: string;
  readonly expiresMs: number;
  /** Of `differences replay`: instead of what was masked. */
  readonly target?: string;
  readonly header?: readonly (readonly [name: string, value: string])[];
  /** Of `routes explain`: the client's address. */
  readonly from?: string;
  /** Of `check`: the NGINX configuration that is looked at instead. */
  readonly nginx?: string;
  /** `true` when given without a name. */
  readonly schema?: string | true;
}

/** As a table, so that none is missing; the module that judges is not loaded for a help text. */
const VERDICTS = Object.keys({ unexplained: 0, noise: 0, undecided: 0 } satisfies Record<
  ClassVerdict['verdict'],
  0
>);

const MIN_INTERVAL_MS = 100;
const MAX_LIMIT = LIMITS.adminListItems;
const MAX_SEED = 2 ** 32 - 1;

function duration(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === null || ms <= 0) throw new InvalidArgumentError('Write a duration such as 500ms, 30s or 5m.');
  return ms;
}

function interval(text: string): number {
  const ms = duration(text);
  if (ms < MIN_INTERVAL_MS) throw new InvalidArgumentError(`At least ${MIN_INTERVAL_MS}ms.`);
  return ms;
}

function offset(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a number: how many classes to pass over.');
}

function entryNumber(text: string): number {
  if (/^[1-9]\d{0,11}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write the number of an entry: cutover history lists them.');
}

function limit(text: string): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > MAX_LIMIT) throw new InvalidArgumentError(`A number from 1 to ${MAX_LIMIT}.`);
  return value;
}

function seed(text: string): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
  if (value > MAX_SEED) throw new InvalidArgumentError(`A number from 0 to ${MAX_SEED}.`);
  return value;
}

/** `canary`, or `regional/1` for the first regional step. */
function target(text: string): Target {
  const place = parsePlace(text);
  if (place !== null) return place;
  throw new InvalidArgumentError(`Allowed: ${PHASES.join(', ')}; regional/1 is the first regional step.`);
}

function goal(text: string): Goal {
  const found = parseGoal(text);
  if (found !== null) return found;
  throw new InvalidArgumentError('Allowed: ready, phase=canary, phase=regional/2, verdict=abort, …');
}

function format(text: string, before: readonly ReportFormat[] = []): ReportFormat[] {
  const found = REPORT_FORMATS.find((each) => each === text);
  if (found !== undefined) return [...before, found];
  throw new InvalidArgumentError(`Allowed: ${REPORT_FORMATS.join(', ')}.`);
}

function output(text: string, before: readonly string[] = []): string[] {
  if (text !== '') return [...before, text];
  throw new InvalidArgumentError('Name a file, or - for stdout.');
}

function reason(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Say why: it stands in the history.');
  return text.trim();
}

function owner(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Name who answers for the rule.');
  return text.trim();
}

/** Longest life of a rule that nobody looks at again. */
const LONGEST_RULE_MS = 366 * 86_400_000;

function expires(text: string): number {
  const ms = duration(text);
  if (ms > LONGEST_RULE_MS)
    throw new InvalidArgumentError('A year (366d) at the most: look at it again then.');
  return ms;
}

function requestTarget(text: string): string {
  if (/^\/[!-~]*$/.test(text)) return text;
  throw new InvalidArgumentError("A path with its query, escaped as a URL: '/search?q=a%20b'.");
}

type Field = readonly [name: string, value: string];

function header(text: string, before: readonly Field[] = []): Field[] {
  const found = /^([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*([\t -~]*)$/.exec(text);
  if (found === null) throw new InvalidArgumentError("Write it as 'name: value'.");
  return [...before, [found[1] as string, found[2] as string]];
}

/** Every flag, declared once. The durations keep their words in the help: `--timeout 10s`. */
export const flags = {
  json: () => new Option('--json', 'print one JSON object'),
  yes: () => new Option('-y, --yes', 'do not ask for a confirmation'),
  to: () =>
    new Option('--to <phase>', 'where to: canary, regional/1 (the first regional step), …').argParser(target),
  region: (what: string) => new Option('--region <name>', what).conflicts('to'),
  reason: (why: string) => new Option('--reason <text>', why).argParser(reason),
  watch: () => new Option('-w, --watch', 'show changes until Ctrl-C (with --json: one object per line)'),
  timeoutMs: (what = 'longest wait for the gateway', initial = '10s') =>
    named('--timeout <duration>', what, initial, duration),
  intervalMs: (what = 'time between two looks with --watch') =>
    named('--interval <duration>', what, '1s', interval),
  goal: () =>
    new Option(
      '--for <condition>',
      'ready, phase=canary, phase=regional/2, verdict=abort, … (required)',
    ).argParser(goal),
  format: () =>
    new Option(
      '--format <format>',
      `${REPORT_FORMATS.join(' or ')} (default: by the ending of its output); repeatable`,
    ).argParser(format),
  output: () =>
    new Option('-o, --output <file>', 'where to, one for each format in their order; - is stdout').argParser(
      output,
    ),
  admin: () => new Option('--admin <host:port>', 'the admin API, instead of the configured one'),
  runDir: () => new Option('--run-dir <dir>', 'the run directory, instead of the configured one'),
  owner: () => new Option('--owner <name>', 'who answers for the rule (default: you)').argParser(owner),
  endpoint: () => new Option('--endpoint <text>', 'classes whose endpoint has this in it: GET /users'),
  kind: () =>
    new Option('--kind <kind>', 'classes of one kind: json_value, regressed, …').choices(DIFFERENCE_KINDS),
  verdict: () => new Option('--verdict <verdict>', 'classes with one verdict').choices(VERDICTS),
  offset: () => new Option('--offset <n>', 'passes over so many of them').argParser(offset),
  expiresMs: () => named('--expires <duration>', 'how long the rule holds', '90d', expires),
  target: () =>
    new Option('--target <path>', 'path and query to ask for, where the stored one is masked').argParser(
      requestTarget,
    ),
  header: () =>
    new Option('--header <field>', "a field 'name: value' that was masked; repeatable").argParser(header),
  requestHeader: () =>
    new Option('-H, --header <field>', "a field of the request, 'name: value'; repeatable").argParser(header),
  from: () => new Option('--from <address>', 'IP address of the client (default: 127.0.0.1)'),
  seed: (what = "draw everything from this seed instead of the scenario's") =>
    new Option('--seed <n>', what).argParser(seed),
  evidence: () =>
    new Option('--evidence <n>', 'what entry <n> was decided on, JSON for cutover gate --report').argParser(
      entryNumber,
    ),
  limit: (what: string, initial: number) => new Option('--limit <n>', what).argParser(limit).default(initial),
} as const;

function named(spec: string, text: string, initial: string, parse: (text: string) => number): Option {
  return new Option(spec, text).argParser(parse).default(parse(initial), initial);
}
