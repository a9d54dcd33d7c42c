import { LIMITS } from '../core/limits.ts';
import { formatSpan } from '../core/units.ts';
import type { SiemReading } from '../rollout/gates/siem.ts';
import { readAnswer } from './answer.ts';
import type { Counted } from './answer.ts';
import type { IndexerClient } from './indexer-client.ts';
import { searchRequest } from './queries.ts';
import type { IndexerConfig, Question } from './queries.ts';

/** What is known about our own side of it. */
export interface Ours {
  readonly heartbeatMs: number;
  readonly nowMs: () => number;
  /** When a line was, or may have been lost last; null: never. */
  readonly lastLostMs: () => number | null;
}

/**
 * Asks the indexer once and makes of the answer one reading per region. Everything odd is said in `odd`: an answer that
 * cannot be trusted is no answer, and never a healthy one.
 */
export async function readAlerts(
  client: IndexerClient,
  indexer: IndexerConfig,
  question: Question,
  ours: Ours,
  signal: AbortSignal,
): Promise<readonly SiemReading[]> {
  const fetched = await client.search(searchRequest(indexer, question), signal);
  const read = fetched.ok ? readAnswer(fetched.body) : fetched;
  const atMs = ours.nowMs();
  const counted = read.ok ? read.counted : null;
  const odd = read.ok ? oddity(read.counted.heartbeat, indexer, ours, atMs) : read.why;
  const late = read.ok && odd === null ? lateness(read.counted.heartbeat, indexer, ours, atMs) : null;
  const toMs = counted?.heartbeat?.atMs ?? 0;
  return question.regions.map((region) => ({
    region,
    epoch: question.epoch,
    atMs,
    toMs,
    odd,
    ...(late === null ? {} : { late }),
    alerts: counted?.regions[region] ?? { legacy: [], candidate: [] },
  }));
}

/** Why counts say nothing although the indexer answered well: what we wrote is not what it has. */
function oddity(
  heartbeat: Counted['heartbeat'],
  { lagMs, spanMs }: IndexerConfig,
  { lastLostMs }: Ours,
  nowMs: number,
): string | null {
  if (heartbeat === null) return 'no heartbeat of this gateway is there: its lines do not arrive';
  const { atMs, seenMs } = heartbeat;
  const behindMs = Math.max(atMs - seenMs, atMs - nowMs);
  if (behindMs > LIMITS.siemSkewMs)
    return `clocks disagree: a heartbeat was taken ${formatSpan(Math.round(behindMs))} before it was written`;
  const lostMs = lastLostMs();
  const lately = lostMs !== null && nowMs - lostMs <= spanMs + lagMs;
  return lately
    ? 'lines for the SIEM were lost lately, or the gateway was restarted: alerts may be missing'
    : null;
}

/** Why the absence of alerts says nothing: what we write arrives late. Those that are there did happen. */
function lateness(
  heartbeat: Counted['heartbeat'],
  { lagMs }: IndexerConfig,
  { heartbeatMs }: Ours,
  nowMs: number,
): string | null {
  if (heartbeat === null) return null;
  const { atMs, seenMs } = heartbeat;
  const ageMs = nowMs - atMs;
  const limitMs = lagMs + 2 * heartbeatMs + LIMITS.siemSkewMs;
  if (ageMs > limitMs) {
    const age = formatSpan(Math.round(ageMs));
    return `the newest heartbeat was written ${age} ago (at most ${formatSpan(limitMs)}): lines do not arrive`;
  }
  if (seenMs - atMs <= lagMs) return null;
  const took = formatSpan(Math.round(seenMs - atMs));
  return `a heartbeat was taken ${took} after it was written, more than siem.indexer.lag`;
}
