import type { SiemConfig } from '../config/plan.ts';

export type IndexerConfig = NonNullable<SiemConfig['indexer']>;

/** What is asked about. */
export interface Question {
  /** Name of this gateway, as it stands in its lines. */
  readonly node: string;
  readonly epoch: number;
  readonly regions: readonly string[];
}

/** Path and body of one `_search`. */
export interface SearchRequest {
  readonly path: string;
  readonly body: object;
}

type Clause = Readonly<Record<string, object>>;

/** How the records of one version call what is in our lines. */
interface Fields {
  readonly index: string;
  readonly time: string;
  readonly node: string;
  readonly epoch: string;
  readonly region: string;
  readonly lane: string;
  readonly level: string;
  readonly at: string;
  readonly always: readonly Clause[];
  readonly heartbeats: readonly Clause[];
  readonly alerts: readonly Clause[];
}

/**
 * Wazuh 4: alerts, made by rules. Everything below `data` is a keyword, whatever it was in the line. A rule of one's own
 * on top of ours may have other groups: what names a lane is about a lane.
 */
const VERSION_4: Fields = {
  index: 'wazuh-alerts-4.x-*',
  time: 'timestamp',
  node: 'data.gateway.node',
  epoch: 'data.gateway.epoch',
  region: 'data.gateway.region',
  lane: 'data.gateway.lane',
  level: 'rule.level',
  at: 'data.gateway.at',
  always: [],
  heartbeats: [{ terms: { 'rule.groups': ['cutover_heartbeat'] } }],
  alerts: [],
};

/** Wazuh 5: events, whose fields are those of its closed schema; `docs/siem.md` has the table. */
const VERSION_5: Fields = {
  index: 'wazuh-events-v5-*',
  time: '@timestamp',
  node: 'service.node.name',
  epoch: 'service.version',
  region: 'cloud.region',
  lane: 'service.environment',
  level: 'event.severity',
  at: 'event.created',
  always: [{ term: { 'wazuh.integration.name': 'cutover' } }],
  heartbeats: [{ term: { 'event.action': 'heartbeat' } }],
  alerts: [{ range: { 'http.response.status_code': { gte: 500 } } }],
};

/** Levels of Wazuh are 0 to 16. */
const LEVELS = 20;

/**
 * One question for everything: how many alerts of which level there are about each lane in each region, and the newest
 * heartbeat that could have been found `lag` ago. Alerts count as soon as they can be found: harm needs no complete
 * records, while the absence of harm is believed only up to where a heartbeat proves them complete.
 */
export function searchRequest(indexer: IndexerConfig, question: Question): SearchRequest {
  const fields = indexer.version === 5 ? VERSION_5 : VERSION_4;
  const { time, node, always } = fields;
  const oldest = `now-${seconds(indexer.spanMs + indexer.lagMs)}s`;
  const filter = [{ range: { [time]: { gte: oldest } } }, { term: { [node]: question.node } }, ...always];
  return {
    path: `/${indexer.index ?? fields.index}/_search?allow_no_indices=false`,
    body: {
      size: 0,
      track_total_hits: true,
      timeout: `${indexer.timeoutMs}ms`,
      query: { bool: { filter } },
      aggs: {
        alerts: alertsOf(fields, question),
        heartbeats: heartbeatsOf(fields, `now-${seconds(indexer.lagMs)}s`),
      },
    },
  };
}

function alertsOf({ epoch, region, lane, level, alerts }: Fields, question: Question): object {
  const filter = [
    { term: { [epoch]: String(question.epoch) } },
    { terms: { [region]: question.regions } },
    { terms: { [lane]: ['legacy', 'candidate'] } },
    ...alerts,
  ];
  const byLevel = { level: { terms: { field: level, size: LEVELS } } };
  const byLane = { lane: { terms: { field: lane, size: 2 }, aggs: byLevel } };
  return {
    filter: { bool: { filter } },
    aggs: { region: { terms: { field: region, size: question.regions.length }, aggs: byLane } },
  };
}

/** The newest by our own clock, with the moment at which the SIEM took it. */
function heartbeatsOf({ time, at, heartbeats }: Fields, closed: string): object {
  const newest = { terms: { field: at, size: 1, order: { _key: 'desc' } } };
  return {
    filter: { bool: { filter: [{ range: { [time]: { lt: closed } } }, ...heartbeats] } },
    aggs: { newest: { ...newest, aggs: { seen: { min: { field: time } } } } },
  };
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1_000);
}
