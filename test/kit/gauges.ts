import type { WorkerGauges } from '../../src/telemetry/types.ts';

/** A worker that has nothing to do. */
export const IDLE_GAUGES: WorkerGauges = {
  connections: 0,
  exchanges: 0,
  copiesInFlight: 0,
  copyBytes: 0,
  tunnels: 0,
  diffQueue: 0,
  rssBytes: 0,
  loopDelayMs: 0,
  accessLogDropped: 0,
  refused: { limit: 0, dropped: 0, address: 0 },
  tallies: { copies: [], tunnels: [] },
  states: { idle: 0, head: 0, exchange: 0, closing: 0 },
  upstreams: [],
};
