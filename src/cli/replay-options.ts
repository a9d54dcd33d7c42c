import { InvalidArgumentError, Option } from 'commander';
import { LIMITS } from '../core/limits.ts';
import { parseDurationMs, parseRatePerSecond } from '../core/units.ts';
import type { CaptureFormat } from '../replay/capture/types.ts';

/** What the flags of `replay`, and of the verbs that read its report, come to. */
export interface ReplayFlags {
  /** Of `gate`: the report it judges, the one whose differences are known, and what must not be. */
  readonly report?: string;
  readonly baseline?: string;
  readonly failOn?: string;
  /** Of `report`: the report it writes in other formats. */
  readonly replay?: string;
  readonly input?: CaptureFormat;
  /** Requests a second. */
  readonly rate?: number;
  /** Times as fast as captured, or as fast as the lanes answer. */
  readonly speed?: number | 'max';
  /** Milliseconds. */
  readonly maxGap?: number;
  /** See `parseSessionBy`. */
  readonly session?: string;
  readonly concurrency?: number;
  readonly writes?: boolean;
  readonly host?: string;
  /** The file that an interrupted replay left. */
  readonly resume?: string;
}

/** Every format; the room itself is loaded by the verb. */
const FORMATS: readonly CaptureFormat[] = ['gor', 'log', 'har'];
const MAX_REQUESTS = 1_000_000_000;

function perSecond(text: string): number {
  const value = parseRatePerSecond(/^\d+(\.\d+)?$/.test(text) ? `${text}/s` : text);
  if (value === null || value <= 0) throw new InvalidArgumentError('Write requests a second, such as 50/s.');
  return value;
}

function speed(text: string): number | 'max' {
  if (text === 'max') return 'max';
  const value = /^\d{1,6}(\.\d{1,3})?x?$/.test(text) ? Number(text.replace('x', '')) : 0;
  if (value <= 0) throw new InvalidArgumentError('Write 2x for twice as fast as captured, 0.5x, or max.');
  return value;
}

function gap(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === null) throw new InvalidArgumentError('Write a duration such as 500ms, 30s or 5m.');
  return ms;
}

function requests(text: string): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > MAX_REQUESTS)
    throw new InvalidArgumentError(`A number from 1 to ${MAX_REQUESTS}.`);
  return value;
}

function concurrency(text: string): number {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > LIMITS.replayConcurrency)
    throw new InvalidArgumentError(`A number from 1 to ${LIMITS.replayConcurrency}.`);
  return value;
}

function host(text: string): string {
  if (/^[\w.-]+(:\d{1,5})?$/.test(text)) return text;
  throw new InvalidArgumentError('Write a host such as shop.example.com.');
}

/** Every flag that is about replays, declared once. */
export const replayFlags = {
  report: () =>
    new Option(
      '--report <file>',
      'judge this JSON report, of a gateway or of a replay, instead of the gateway',
    ),
  baseline: () =>
    new Option('--baseline <file>', 'with --report of a replay: the report whose differences are known'),
  failOn: () =>
    new Option(
      '--fail-on <rules>',
      'with --report of a replay: what must not be, such as new-class,status,rate>0.1% (default: new-class,status)',
    ),
  replay: () =>
    new Option('--replay <file>', 'write this JSON report of a replay instead of what the gateway measured'),
  pacing: (): readonly Option[] => [
    new Option('--rate <n/s>', 'requests a second, evenly, instead of the pace of the capture')
      .argParser(perSecond)
      .conflicts('speed'),
    new Option('--speed <factor>', 'times as fast as captured: 2x, 0.5x, or max (default: 1x)').argParser(
      speed,
    ),
    new Option('--max-gap <duration>', 'cut longer gaps of the capture to this').argParser(gap),
    new Option('--limit <n>', 'end after so many requests were sent')
      .argParser(requests)
      .default(Number.POSITIVE_INFINITY, 'all'),
    new Option(
      '--session <key>',
      'what keeps requests in order: auto, address, none, cookie:NAME, header:NAME',
    ).default('auto'),
    new Option('--concurrency <n>', 'requests under way at once').argParser(concurrency),
    new Option('--writes', 'send requests that may change something, too: to both lanes'),
    new Option('--host <name>', 'send this Host instead of the captured one').argParser(host),
    new Option('--input <format>', 'instead of what the file looks like').choices(FORMATS),
    new Option('--resume <file>', 'go on with a replay that was interrupted'),
  ],
} as const;
