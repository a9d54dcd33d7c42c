import { LIMITS } from '../core/limits.ts';

/**
 * Every kind of line, with the fields it has beside `event`, `node`, `at` and `repeated`. `docs/siem.md` explains
 * them, and a rule of `deploy/wazuh/local_rules.xml` has an answer to each.
 */
export const SIEM_EVENTS = {
  heartbeat: ['beat', 'build', 'phase', 'epoch', 'lost'],
  error_window: [
    'region',
    'lane',
    'phase',
    'epoch',
    'window_start',
    'window_end',
    'requests',
    'errors',
    'error_rate',
    'abandoned',
    'status_class',
    'status_4xx',
    'status_5xx',
    'severity',
  ],
  transition: ['from', 'to', 'region', 'who', 'reason'],
  kill_switch: ['state', 'who', 'reason'],
  verdict: ['verdict', 'reason', 'message', 'phase', 'epoch'],
  worker_lost: ['slot', 'how'],
  worker_slow: ['slot', 'delay_ms'],
  config: ['state', 'hash', 'problems'],
  store: ['state', 'message'],
  client_denied: ['by', 'reason', 'count', 'address', 'identity'],
  hand_over: ['outcome', 'who', 'build'],
} as const;

export type SiemEvent = keyof typeof SIEM_EVENTS;

/** One thing to tell: numbers are texts, because the decoder of Wazuh 4 writes large ones as floats. */
export interface SiemLine {
  readonly event: SiemEvent;
  readonly fields: Readonly<Record<string, string>>;
  /** Lines with the same key within a minute are one; null: each is told. */
  readonly key: string | null;
}

/** A line with the field names of its kind. */
export function lineOf<E extends SiemEvent>(
  event: E,
  fields: Readonly<Record<(typeof SIEM_EVENTS)[E][number], string>>,
  key: string | null = null,
): SiemLine {
  return { event, fields, key };
}

/** Wazuh cuts a value at a line break, and a terminal may obey the others. */
const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * A line as it stands in the file, with its line break: one JSON object, everything below `gateway`, so that no decoder
 * takes it for another product's (a `timestamp` beside an `event_type` would be Suricata's).
 * @param node names this gateway
 * @param atMs milliseconds since the Unix epoch
 * @param repeated times that the same was not told since the last line of its kind
 */
export function encodeLine(
  { event, fields }: SiemLine,
  node: string,
  atMs: number,
  repeated: number,
): string {
  const told = Object.entries(fields).map(([name, value]) => [name, valueOf(value)] as const);
  const gateway = {
    event,
    node,
    at: new Date(atMs).toISOString(),
    ...(repeated > 0 ? { repeated: String(repeated) } : {}),
    ...Object.fromEntries(told),
  };
  return `${JSON.stringify({ gateway })}\n`;
}

function valueOf(value: string): string {
  return value.slice(0, LIMITS.siemValueChars).replace(CONTROLS, ' ').toWellFormed();
}
