import { wallMs } from '../../core/clock.ts';
import { LIMITS } from '../../core/limits.ts';
import { decode } from './rules.ts';
import type { Decoded, RuleSet } from './rules.ts';

/** A record as it is searched: names with dots, values as their field is mapped. */
export type Searched = Readonly<Record<string, readonly (string | number)[]>>;

/** Fields that are no keyword; moments are milliseconds since the Unix epoch. From the index templates of Wazuh. */
const TYPES: Readonly<Record<string, 'date' | 'long'>> = {
  timestamp: 'date',
  '@timestamp': 'date',
  'event.created': 'date',
  'rule.level': 'long',
  'event.severity': 'long',
  'http.response.status_code': 'long',
};

/** How a field is mapped. What nobody mapped is a keyword (`string_as_keyword`). */
export function typeOf(field: string): 'date' | 'long' | 'keyword' {
  return TYPES[field] ?? 'keyword';
}

/** Shards of one index: 3 in the template of Wazuh 4, 1 in that of Wazuh 5. */
export function shardsOf(index: string): number {
  return index.startsWith('wazuh-alerts-4.x-') ? 3 : 1;
}

interface Stored {
  readonly searched: Searched;
  /** From then on a search finds it. */
  readonly visibleMs: number;
}

/** Indices with their records. A record is found after a refresh, as with a real one. */
export class Records {
  private readonly refreshMs: number;
  private readonly indices = new Map<string, Stored[]>();

  constructor(refreshMs: number) {
    this.refreshMs = refreshMs;
  }

  /** Adds a record to an index, which is made with its first one. @returns when a search finds it */
  add(index: string, record: object): number {
    const stored = this.indices.get(index) ?? [];
    // Refreshes come by the clock of the index, not after each record.
    const step = Math.max(1, this.refreshMs);
    const visibleMs = this.refreshMs === 0 ? wallMs() : (Math.floor(wallMs() / step) + 1) * step;
    stored.push({ searched: mapped(record), visibleMs });
    if (stored.length > LIMITS.rehearsalRecords) stored.shift();
    this.indices.set(index, stored);
    return visibleMs;
  }

  /** Names of the indices of a pattern (`a-*,b`). */
  expand(pattern: string): string[] {
    const patterns = pattern
      .split(',')
      .map((each) => new RegExp(`^${each.split('*').map(literal).join('.*')}$`));
    return [...this.indices.keys()].filter((name) => patterns.some((each) => each.test(name)));
  }

  /** What a search of these indices can find now. */
  visible(indices: readonly string[]): Searched[] {
    const nowMs = wallMs();
    return indices.flatMap((name) =>
      (this.indices.get(name) ?? [])
        .filter(({ visibleMs }) => visibleMs <= nowMs)
        .map(({ searched }) => searched),
    );
  }
}

function literal(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
}

function mapped(record: object): Searched {
  const flat: Record<string, (string | number)[]> = {};
  const walk = (value: unknown, path: string): void => {
    if (Array.isArray(value)) for (const each of value) walk(each, path);
    else if (typeof value === 'object' && value !== null)
      for (const [key, below] of Object.entries(value)) walk(below, path === '' ? key : `${path}.${key}`);
    else if (value !== null && value !== undefined) (flat[path] ??= []).push(asMapped(path, value));
  };
  walk(record, '');
  return flat;
}

function asMapped(path: string, value: unknown): string | number {
  const type = typeOf(path);
  if (type === 'date') return momentOf(String(value));
  return type === 'long' ? Number(value) : String(value);
}

/** `2022-05-11T12:29:19.905+0000`, ISO 8601, or milliseconds; NaN for anything else. */
export function momentOf(text: string): number {
  if (/^\d{10,}$/.test(text)) return Number(text);
  return Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
}

/** The alert that Wazuh 4 makes of a line, with its index; null: no rule, or a level that is not stored. */
export function alertOf(
  line: string,
  rules: RuleSet,
  atMs: number,
): { index: string; record: object } | null {
  const decoded = decode(line);
  const match = decoded === null ? null : rules.match(decoded);
  if (decoded === null || match === null || match.level < LEAST_LEVEL) return null;
  const timestamp = new Date(atMs).toISOString().replace('Z', '+0000');
  return {
    index: `wazuh-alerts-4.x-${timestamp.slice(0, 10).replaceAll('-', '.')}`,
    record: {
      timestamp,
      '@timestamp': new Date(atMs).toISOString(),
      rule: { ...match, groups: [...match.groups], level: match.level },
      agent: { id: '001', name: 'edge' },
      manager: { name: 'manager' },
      decoder: { name: 'json' },
      location: '/var/log/cutover/siem.json',
      data: nested(decoded),
    },
  };
}

/** `log_alert_level` of ossec.conf. */
const LEAST_LEVEL = 3;

function nested(decoded: Decoded): object {
  const data: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(decoded)) {
    const parts = name.split('.');
    const last = parts.pop() ?? '';
    let below = data;
    for (const part of parts) below = (below[part] ??= {}) as Record<string, unknown>;
    below[last] = value;
  }
  return data;
}

/** Levels that the decoder of Wazuh 5 gives a severity: those of the rules of Wazuh 4. */
const SEVERITIES: Readonly<Record<string, number>> = { minor: 5, major: 8, critical: 12 };

/** The event that Wazuh 5 makes of a line by the table of `docs/siem.md`; null for what is no line of ours. */
export function eventOf(line: string, atMs: number): { index: string; record: object } | null {
  const decoded = decode(line);
  const of = (name: string) => decoded?.[`gateway.${name}`];
  const action = of('event');
  if (action === undefined) return null;
  const severity = SEVERITIES[of('severity') ?? ''];
  return {
    index: 'wazuh-events-v5-other-000001',
    record: {
      '@timestamp': new Date(atMs).toISOString(),
      wazuh: { integration: { name: 'cutover', category: 'other' }, agent: { name: 'edge' } },
      event: { action, created: of('at'), ...(severity === undefined ? {} : { severity }) },
      service: { node: { name: of('node') }, environment: of('lane'), version: of('epoch') },
      cloud: { region: of('region') },
      ...(of('status_class') === '5xx' ? { http: { response: { status_code: 500 } } } : {}),
    },
  };
}
