import { LIMITS } from '../core/limits.ts';
import { PHASES, type Phase } from '../core/snapshot.ts';
import { cumulative, type DurationCounts } from './durations.ts';
import { FILTER_BOUNDS_S, type FilterTally } from './filter-counts.ts';
import { bucketsOf } from './histogram.ts';
import { mergeCopies, mergeLanes } from './merge.ts';
import { NOTIFY_OUTCOMES, type NotifyCounts } from './notify-counts.ts';
import { COPY_BOUNDS_S, TUNNEL_BOUNDS_S, type WorkerTallies } from './tallies.ts';
import { MetricsPage } from './text-format.ts';
import type { CopyCounts, LaneCounts, NoiseCounts, UpstreamLevel, Window, WorkerGauges } from './types.ts';

/** What the exposition needs beside the counts. */
export interface ExpositionInput {
  readonly build: string;
  readonly startedAtMs: number;
  readonly phase: Phase;
  readonly bypass: boolean;
  readonly epoch: number;
  readonly revision: number;
  readonly inEffect: boolean;
  /** Absent: nobody counts them. */
  readonly notifications?: NotifyCounts;
  /** What the SIEM was told and answered; null where nobody talks to it. */
  readonly siem?: ExposedSiem | null;
  /** Everything since the supervisor started. */
  readonly window: Window | null;
  /** Every process, also those without a word yet; a place may have two while one replaces the other. */
  readonly workers: readonly ExposedWorker[];
}

/** Counts since this supervisor acts; null: there is no such half. */
export interface ExposedSiem {
  readonly lines: { readonly written: number; readonly lost: number } | null;
  readonly answers: { readonly valid: number; readonly odd: number } | null;
}

interface ExposedWorker {
  readonly slot: number;
  readonly state: string;
  readonly gauges: WorkerGauges | null;
}

/** Stands for the routes and regions beyond the limits. */
const OTHER = '_other';

/** Upper bounds of service times, seconds. */
const BOUNDS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const BOUNDS_US = BOUNDS_S.map((seconds) => Math.round(seconds * 1_000_000));

/** The state of a node in the Prometheus text format, version 0.0.4. */
export function exposition(input: ExpositionInput): string {
  const page = new MetricsPage();
  addRollout(page, input);
  const { lanes = [], copies = [], ineligible = {}, edge = {} } = input.window ?? {};
  const name = namesOf([...lanes, ...copies]);
  const folded = mergeLanes(lanes.map((counts) => ({ ...counts, ...name(counts) })));
  for (const counts of folded) addLane(page, counts);
  addServiceTimes(page, folded);
  for (const counts of mergeCopies(copies.map((each) => ({ ...each, ...name(each) }))))
    addCopies(page, counts);
  for (const [reason, value] of Object.entries(ineligible))
    page.add('cutover_ineligible_total', [reason], value);
  for (const [reason, value] of Object.entries(edge)) page.add('cutover_edge_answers_total', [reason], value);
  if (input.notifications !== undefined) addNotifications(page, input.notifications);
  addWorkers(page, input.workers);
  return page.text();
}

type Place = Pick<LaneCounts, 'route' | 'region'>;

/** The names that have series of their own: the first ones, so that what is exposed is bounded and does not move. */
function namesOf(places: readonly Place[]): (place: Place) => Place {
  const first = (names: readonly string[], limit: number) =>
    new Set([...new Set(names)].toSorted().slice(0, limit));
  const routes = first(
    places.map(({ route }) => route),
    LIMITS.metricRoutes,
  );
  const regions = first(
    places.map(({ region }) => region),
    LIMITS.metricRegions,
  );
  return ({ route, region }) => ({
    route: routes.has(route) ? route : OTHER,
    region: regions.has(region) ? region : OTHER,
  });
}

function addRollout(page: MetricsPage, input: ExpositionInput): void {
  page.add('cutover_build_info', [input.build, process.version], 1);
  page.add('cutover_start_time_seconds', [], input.startedAtMs / 1_000);
  for (const phase of PHASES) page.add('cutover_phase', [phase], phase === input.phase ? 1 : 0);
  page.add('cutover_bypass', [], input.bypass ? 1 : 0);
  page.add('cutover_epoch', [], input.epoch);
  page.add('cutover_snapshot_revision', [], input.revision);
  page.add('cutover_snapshot_in_effect', [], input.inEffect ? 1 : 0);
  for (const state of ['starting', 'serving', 'draining']) {
    const count = input.workers.filter((worker) => worker.state === state).length;
    page.add('cutover_workers', [state], count);
  }
  const { lines = null, answers = null } = input.siem ?? {};
  for (const [result, value] of Object.entries(lines ?? {}))
    page.add('cutover_siem_lines_total', [result], value);
  for (const [result, value] of Object.entries(answers ?? {}))
    page.add('cutover_siem_answers_total', [result], value);
}

function addLane(page: MetricsPage, counts: LaneCounts): void {
  const key = [counts.lane, counts.route, counts.region];
  for (const [index, all] of counts.statusClasses.entries()) {
    const status = index === 0 ? 'none' : `${index}xx`;
    const writes = counts.writeClasses?.[index] ?? 0;
    if (all > writes) page.add('cutover_requests_total', [...key, 'safe', status], all - writes);
    if (writes > 0) page.add('cutover_requests_total', [...key, 'write', status], writes);
  }
  page.add('cutover_requests_bad_total', key, counts.bad);
  page.add('cutover_requests_abandoned_total', key, counts.abandoned);
  page.add('cutover_fallbacks_total', key, counts.fallbacks);
  for (const [code, value] of Object.entries(counts.failures)) {
    page.add('cutover_lane_failures_total', [...key, code], value);
  }
  page.add('cutover_request_bytes_total', key, counts.bytesIn);
  page.add('cutover_response_bytes_total', key, counts.bytesOut);
}

/** All regions together: a histogram is seventeen series. */
function addServiceTimes(page: MetricsPage, lanes: readonly LaneCounts[]): void {
  for (const same of Map.groupBy(lanes, ({ lane, route }) => `${lane}\n${route}`).values()) {
    const [{ lane, route }] = same as [LaneCounts];
    const { counts, sumUs } = bucketsOf(
      same.map(({ latency }) => latency),
      BOUNDS_US,
    );
    const histogram = { bounds: BOUNDS_S, counts, sum: sumUs / 1_000_000 };
    page.addHistogram('cutover_service_time_seconds', [lane, route], histogram);
  }
}

function addCopies(page: MetricsPage, counts: CopyCounts): void {
  const key = [counts.direction, counts.route, counts.region];
  for (const [decision, value] of Object.entries(counts.decisions)) {
    page.add('cutover_copies_total', [...key, decision], value);
  }
  page.add('cutover_copies_rate_capped_total', key, counts.rateCapped);
  for (const [outcome, value] of Object.entries(counts.outcomes)) {
    page.add('cutover_copy_outcomes_total', [...key, outcome], value);
  }
  page.add('cutover_copies_pending', key, counts.pending);
  if (counts.noise !== undefined) addNoise(page, key, counts.noise);
  for (const [code, value] of Object.entries(counts.failures)) {
    page.add('cutover_copy_failures_total', [...key, code], value);
  }
  for (const [metric, { n, plus, minus }] of Object.entries(counts.joint)) {
    page.add('cutover_pairs_total', [...key, metric], n);
    page.add('cutover_pairs_only_bad_total', [...key, metric, 'candidate'], plus);
    page.add('cutover_pairs_only_bad_total', [...key, metric, 'legacy'], minus);
  }
  page.add('cutover_pairs_excluded_total', key, counts.excluded);
  page.add('cutover_pairs_ignored_total', key, counts.ignoredPairs);
  for (const [rule, value] of Object.entries(counts.ignored)) {
    page.add('cutover_rule_pairs_total', [...key, rule], value);
  }
}

function addNoise(page: MetricsPage, key: readonly string[], noise: NoiseCounts): void {
  page.add('cutover_noise_legs_total', [...key, 'dropped'], noise.dropped);
  page.add('cutover_noise_legs_total', [...key, 'sent'], noise.sent);
  for (const [outcome, value] of Object.entries(noise.outcomes)) {
    page.add('cutover_noise_leg_outcomes_total', [...key, outcome], value);
  }
  page.add('cutover_triples_total', key, noise.unexplained.n);
  page.add('cutover_triples_only_differing_total', [...key, 'candidate'], noise.unexplained.plus);
  page.add('cutover_triples_only_differing_total', [...key, 'legacy'], noise.unexplained.minus);
}

function addNotifications(page: MetricsPage, counts: NotifyCounts): void {
  for (const outcome of NOTIFY_OUTCOMES) page.add('cutover_notifications_total', [outcome], counts[outcome]);
  page.add('cutover_notification_retries_total', [], counts.retried);
  page.add('cutover_notifications_waiting', [], counts.waiting);
}

/** One series for each place: while one process replaces another, the newer one speaks for it. */
function addWorkers(page: MetricsPage, workers: readonly ExposedWorker[]): void {
  const bySlot = new Map<number, WorkerGauges>();
  for (const { slot, gauges } of workers) if (gauges !== null && !bySlot.has(slot)) bySlot.set(slot, gauges);
  for (const [slot, gauges] of bySlot) addWorker(page, slot, gauges);
}

function addWorker(page: MetricsPage, slot: number, gauges: WorkerGauges): void {
  for (const [state, value] of Object.entries(gauges.states)) {
    page.add('cutover_client_connections', [slot, state], value);
  }
  page.add('cutover_exchanges', [slot], gauges.exchanges);
  page.add('cutover_tunnels', [slot], gauges.tunnels);
  for (const level of gauges.upstreams) addUpstream(page, slot, level);
  for (const [reason, value] of Object.entries(gauges.refused))
    page.add('cutover_client_connections_refused_total', [slot, reason], value);
  addTallies(page, slot, gauges.tallies);
  page.add('cutover_copies_in_flight', [slot], gauges.copiesInFlight);
  page.add('cutover_copy_bytes', [slot], gauges.copyBytes);
  page.add('cutover_diff_queue_pairs', [slot], gauges.diffQueue);
  page.add('cutover_access_log_dropped_total', [slot], gauges.accessLogDropped);
  page.add('cutover_resident_memory_bytes', [slot], gauges.rssBytes);
  page.add('cutover_event_loop_delay_seconds', [slot], gauges.loopDelayMs / 1_000);
}

function histogram(took: DurationCounts, bounds: readonly number[]) {
  return { bounds, counts: cumulative(took), sum: took.sumUs / 1_000_000 };
}

function addFilter(page: MetricsPage, slot: number, { filter, outcomes, overruns, took }: FilterTally): void {
  for (const [outcome, value] of Object.entries(outcomes))
    page.add('cutover_filter_calls_total', [slot, filter, outcome], value);
  page.add('cutover_filter_overruns_total', [slot, filter], overruns);
  page.addHistogram('cutover_filter_duration_seconds', [slot, filter], histogram(took, FILTER_BOUNDS_S));
}

function addTallies(page: MetricsPage, slot: number, tallies: WorkerTallies): void {
  const { copies, tunnels, filters = [] } = tallies;
  for (const tally of filters) addFilter(page, slot, tally);
  for (const { direction, outcome, took } of copies) {
    const key = [slot, direction, outcome];
    page.addHistogram('cutover_copy_duration_seconds', key, histogram(took, COPY_BOUNDS_S));
  }
  for (const { lane, ends, bytesIn, bytesOut, lasted } of tunnels) {
    for (const [reason, value] of Object.entries(ends))
      page.add('cutover_tunnels_ended_total', [slot, lane, reason], value);
    page.add('cutover_tunnel_bytes_total', [slot, lane, 'in'], bytesIn);
    page.add('cutover_tunnel_bytes_total', [slot, lane, 'out'], bytesOut);
    page.addHistogram('cutover_tunnel_duration_seconds', [slot, lane], histogram(lasted, TUNNEL_BOUNDS_S));
  }
}

function addUpstream(page: MetricsPage, slot: number, level: UpstreamLevel): void {
  const key = [slot, level.lane, level.upstream, level.use];
  page.add('cutover_upstream_connections', [...key, 'active'], level.active);
  page.add('cutover_upstream_connections', [...key, 'idle'], level.open - level.active);
  page.add('cutover_upstream_waiting', key, level.waiting);
  page.add('cutover_upstream_servers', [...key, 'used'], level.servers - level.serversOut);
  page.add('cutover_upstream_servers', [...key, 'out'], level.serversOut);
  page.add('cutover_upstream_ejections_total', key, level.ejections);
  page.add('cutover_upstream_retries_total', [...key, 'made'], level.retries);
  page.add('cutover_upstream_retries_total', [...key, 'denied'], level.retriesDenied);
}
