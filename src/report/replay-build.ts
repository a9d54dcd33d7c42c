import { curl } from '../control/reproduce.ts';
import { actionText } from '../core/rules.ts';
import type { DifferenceRule } from '../core/rules.ts';
import type { ServerConfig } from '../core/snapshot.ts';
import { summariseLatency } from '../telemetry/histogram.ts';
import type { ReplayResult } from '../replay/replay.ts';
import type { ReplayClass, ReplayCounts } from '../replay/result.ts';
import type { ReplayReport } from './replay-schema.ts';

/** What a report of a replay is made of. */
export interface ReplayReportInput {
  readonly result: ReplayResult;
  readonly build: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly servers: Readonly<Record<'legacy' | 'candidate', ServerConfig>>;
  readonly rules: readonly DifferenceRule[];
  /** Host sent to both lanes where the capture knows none. */
  readonly host: string;
}

/** The report of a replay: pure, the same input gives the same bytes. */
export function buildReplayReport(input: ReplayReportInput): ReplayReport {
  const { result, build, settings, rules } = input;
  const { capture, others, cut, complete, tally } = result;
  return {
    schemaVersion: 1,
    kind: 'replay',
    build,
    label: labelOf(tally.counts),
    complete,
    capture: { ...capture, others, cut },
    settings: { ...settings },
    counts: tally.counts,
    coverage: coverageOf(tally.counts),
    lanes: { legacy: { ...tally.statuses.legacy }, candidate: { ...tally.statuses.candidate } },
    rules: rules.map(({ id, path, action, reason }) => ({
      id,
      path,
      action: actionText(action),
      reason,
      hidden: tally.hidden[id] ?? 0,
    })),
    endpoints: tally.endpoints.map(([endpoint, counts]) => ({ endpoint, ...counts })),
    classes: tally.classes.map((each) => ({ ...each, reproduce: reproduceOf(each, input) })),
    times: timesOf(result),
  };
}

/** The fixed horizon of a census, in words. */
function labelOf({ sent }: ReplayCounts): string {
  return `census of ${sent} requests, fixed horizon: it says what these requests showed and nothing of others`;
}

/**
 * Judged pairs of all requests that should have been judged: those that were sent, and those that the capture has and
 * nobody can read. What was left out on purpose (writes, say) is counted, and is no gap.
 */
function coverageOf({ judged, sent, skipped }: ReplayCounts): number | null {
  const wanted = sent + skipped.corrupt + skipped.truncated + skipped.record_too_large + skipped.interrupted;
  return wanted === 0 ? null : judged / wanted;
}

function reproduceOf(
  { example }: ReplayClass,
  { servers, host }: ReplayReportInput,
): { legacy: string; candidate: string } {
  const { method, target } = example;
  const command = (server: ServerConfig): string =>
    curl({ servers: [server], hostHeader: host }, { method, target }) ?? '';
  return { legacy: command(servers.legacy), candidate: command(servers.candidate) };
}

function timesOf({ times, tally }: ReplayResult): ReplayReport['times'] {
  const { startedAtMs, elapsedMs, behind } = times;
  return {
    startedAtMs,
    elapsedMs: Math.round(elapsedMs),
    sentPerSecond: elapsedMs === 0 ? 0 : (tally.counts.sent * 1000) / elapsedMs,
    behind: quantilesOf(behind),
    latency: { legacy: quantilesOf(tally.latency.legacy), candidate: quantilesOf(tally.latency.candidate) },
  };
}

function quantilesOf(encoded: string): ReplayReport['times']['behind'] {
  const { samples, p50Us, p90Us, p99Us, p999Us } = summariseLatency([encoded]);
  const inMs = (us: number | null): number | null => (us === null ? null : us / 1000);
  return { samples, p50Ms: inMs(p50Us), p90Ms: inMs(p90Us), p99Ms: inMs(p99Us), p999Ms: inMs(p999Us) };
}

/** The report as its file holds it. */
export function replayJson(report: ReplayReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
