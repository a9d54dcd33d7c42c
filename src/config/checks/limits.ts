import { LIMITS } from '../../core/limits.ts';
import { formatDuration, parseDurationMs } from '../../core/units.ts';
import type { Finding, Path } from '../problem.ts';
import { warning } from '../problem.ts';
import type { Source } from '../source.ts';
import { entriesAt, textAt, valueAt } from '../view.ts';

/** Times and bounds that are allowed and cannot be meant: never serving, waiting for ever, never reached. */
export function checkLimits({ raw }: Source): Finding[] {
  return [...checkLoopDelay(raw), ...checkEndless(raw), ...checkUnreached(raw), ...checkHashKeys(raw)];
}

function durationAt(raw: unknown, path: Path): number | null {
  const text = textAt(raw, path);
  return text === null ? null : parseDurationMs(text);
}

function checkLoopDelay(raw: unknown): Finding[] {
  const path = ['limits', 'loopDelay'];
  const delayMs = durationAt(raw, path);
  if (delayMs === null || delayMs === 0 || delayMs >= LIMITS.overloadDelayLeastMs) return [];
  const message = 'every busy worker is later than this: it would answer nearly everything 503';
  const usual = formatDuration(LIMITS.overloadDelayMs);
  const hint = `write ${usual} (if left out), ${formatDuration(LIMITS.overloadDelayLeastMs)} at least, or 0ms for never`;
  return [warning(path, message, hint)];
}

/** Places of everything that has servers. */
function upstreamPaths(raw: unknown): Path[] {
  const named = entriesAt(raw, ['candidate', 'upstreams']).map(([name]) => ['candidate', 'upstreams', name]);
  return [['legacy'], ['candidate'], ...named];
}

function checkEndless(raw: unknown): Finding[] {
  const connects = upstreamPaths(raw).map((path) => [...path, 'timeouts', 'connect']);
  const endless = (path: Path, message: string, usualMs: number): Finding[] =>
    durationAt(raw, path) === 0
      ? [warning(path, message, `write ${formatDuration(usualMs)} (if left out)`)]
      : [];
  return [
    ...endless(
      ['timeouts', 'head'],
      'a client that never completes its head holds its connection for ever',
      LIMITS.headTimeoutMs,
    ),
    ...[['timeouts', 'connect'], ...connects].flatMap((path) =>
      endless(
        path,
        'a server that does not accept is waited for as long as the system tries, some two minutes',
        LIMITS.connectTimeoutMs,
      ),
    ),
  ];
}

/** A connection carries one exchange at a time. */
function checkUnreached(raw: unknown): Finding[] {
  const connections = valueAt(raw, ['limits', 'connections']) ?? LIMITS.connections;
  return ['exchanges', 'connectionsPerAddress'].flatMap((key) => {
    const path = ['limits', key];
    const bound = valueAt(raw, path);
    if (typeof bound !== 'number' || typeof connections !== 'number' || bound <= connections) return [];
    const each = key === 'exchanges' ? ' with one exchange each' : '';
    const message = `this bound is never reached: a worker has ${connections} connections${each}`;
    return [warning(path, message, 'write less, or raise limits.connections')];
  });
}

function checkHashKeys(raw: unknown): Finding[] {
  return upstreamPaths(raw).flatMap((path) => {
    const hasKey = valueAt(raw, [...path, 'hashKey']) !== undefined;
    if (!hasKey || textAt(raw, [...path, 'balance']) === 'hash') return [];
    const message = 'hashKey does nothing without balance: hash';
    return [{ ...warning([...path, 'hashKey'], message, 'add balance: hash, or remove it'), at: 'key' }];
  });
}
