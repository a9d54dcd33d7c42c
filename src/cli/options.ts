import { InvalidArgumentError, Option } from 'commander';
import { PHASES } from '../core/snapshot.ts';
import { parseDurationMs } from '../core/units.ts';
import type { Target } from '../rollout/position.ts';
import { parsePlace } from './position.ts';

/** What the flags of all verbs come to; a verb sees those it declares. */
export interface Options {
  /** Path of the configuration. */
  readonly config: string;
  /** False with `--no-color`. */
  readonly color: boolean;
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly force?: boolean;
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
  /** `true` when given without a name. */
  readonly schema?: string | true;
}

const MIN_INTERVAL_MS = 100;
const MAX_LIMIT = 10_000;

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

function limit(text: string): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > MAX_LIMIT) throw new InvalidArgumentError(`A number from 1 to ${MAX_LIMIT}.`);
  return value;
}

/** `canary`, or `regional/1` for the first regional step. */
function target(text: string): Target {
  const place = parsePlace(text);
  if (place !== null) return place;
  throw new InvalidArgumentError(`Allowed: ${PHASES.join(', ')}; regional/1 is the first regional step.`);
}

function reason(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Say why: it stands in the history.');
  return text.trim();
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
  timeoutMs: () => named('--timeout <duration>', 'longest wait for the gateway', '10s', duration),
  intervalMs: () => named('--interval <duration>', 'time between two looks with --watch', '1s', interval),
  admin: () => new Option('--admin <host:port>', 'the admin API, instead of the configured one'),
  runDir: () => new Option('--run-dir <dir>', 'the run directory, instead of the configured one'),
  limit: (what: string, initial: number) => new Option('--limit <n>', what).argParser(limit).default(initial),
} as const;

function named(spec: string, text: string, initial: string, parse: (text: string) => number): Option {
  return new Option(spec, text).argParser(parse).default(parse(initial), initial);
}
