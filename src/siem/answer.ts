import { z } from 'zod';
import type { Lane } from '../core/snapshot.ts';
import type { AlertCount } from '../rollout/gates/siem.ts';

/** What an answer of the indexer says, once everything about it is as it has to be. */
export interface Counted {
  /** By region; a region without alerts is not there. */
  readonly regions: Readonly<Record<string, Readonly<Record<Lane, readonly AlertCount[]>>>>;
  /** The newest heartbeat of ours: when we wrote it, and when the SIEM took it. Null: none is there. */
  readonly heartbeat: { readonly atMs: number; readonly seenMs: number } | null;
}

/** An answer that counts, or why it does not. */
export type Read =
  | { readonly ok: true; readonly counted: Counted }
  | { readonly ok: false; readonly why: string };

const count = z.int().nonnegative();
const complete = { doc_count_error_upper_bound: count, sum_other_doc_count: count };

const terms = <K extends z.ZodType, T extends z.ZodRawShape>(key: K, sub: T) =>
  z.object({ ...complete, buckets: z.array(z.object({ key, doc_count: count, ...sub })) });

const levels = terms(z.int().min(0).max(16), {});
const lanes = terms(z.enum(['legacy', 'candidate']), { level: levels });
const regions = terms(z.string(), { lane: lanes });
const newest = terms(z.union([z.string(), z.number()]), {
  seen: z.object({ value: z.number().nullable() }),
});

/** The part that every search has, read first: its faults have reasons of their own. */
const envelope = z.object({
  timed_out: z.boolean(),
  _shards: z.object({ total: count, successful: count, failed: count, skipped: count.optional() }),
  hits: z.object({ total: z.object({ value: count, relation: z.string() }) }),
});

const body = z.object({
  aggregations: z.object({
    alerts: z.object({ doc_count: count, region: regions }),
    heartbeats: z.object({ doc_count: count, newest }),
  }),
});

/** Reads the answer to a `searchRequest`: whatever is not exactly as expected is no answer. */
export function readAnswer(answer: unknown): Read {
  const outer = envelope.safeParse(answer);
  if (!outer.success) return odd('the answer is not that of a search');
  const fault = faultOf(outer.data);
  if (fault !== null) return odd(fault);
  const inner = body.safeParse(answer);
  if (!inner.success) return odd('the answer has not the counts that were asked for');
  const { alerts, heartbeats } = inner.data.aggregations;
  if (!addsUp(alerts)) return odd('the counts of the answer do not add up: alerts are left out');
  const counted = { regions: countsOf(alerts.region), heartbeat: heartbeatOf(heartbeats.newest) };
  return { ok: true, counted };
}

function odd(why: string): Read {
  return { ok: false, why };
}

function faultOf({ timed_out: timedOut, _shards: shards, hits }: z.output<typeof envelope>): string | null {
  if (timedOut) return 'the search ran out of time';
  if (shards.total === 0) return 'there is no such index';
  if (shards.failed > 0) return `${shards.failed} of ${shards.total} shards failed`;
  if (shards.successful < shards.total) return `${shards.successful} of ${shards.total} shards answered`;
  return hits.total.relation === 'eq' ? null : 'the number of records is an estimate';
}

type Alerts = z.output<typeof body>['aggregations']['alerts'];

/** A bucket that is cut off, or a record with several values of a field, would be a count of something else. */
function addsUp({ doc_count: all, region }: Alerts): boolean {
  return (
    isWhole(region, all) &&
    region.buckets.every(
      ({ doc_count: inRegion, lane }) =>
        isWhole(lane, inRegion) && lane.buckets.every((each) => isWhole(each.level, each.doc_count)),
    )
  );
}

interface Buckets {
  readonly doc_count_error_upper_bound: number;
  readonly sum_other_doc_count: number;
  readonly buckets: readonly { readonly doc_count: number }[];
}

function isWhole(
  { doc_count_error_upper_bound: off, sum_other_doc_count: other, buckets }: Buckets,
  all: number,
) {
  const sum = buckets.reduce((total, { doc_count: many }) => total + many, 0);
  return off === 0 && other === 0 && sum === all;
}

function countsOf({ buckets }: Alerts['region']): Counted['regions'] {
  const entries = buckets.map(({ key, lane }) => {
    const of = (name: Lane) => lane.buckets.find((bucket) => bucket.key === name)?.level.buckets ?? [];
    const levelsOf = (name: Lane) =>
      of(name).map((bucket) => ({ level: bucket.key, count: bucket.doc_count }));
    return [key, { legacy: levelsOf('legacy'), candidate: levelsOf('candidate') }] as const;
  });
  return Object.fromEntries(entries);
}

/** @param found at most one bucket; its key is a text, or milliseconds where the field is a date */
function heartbeatOf({ buckets }: z.output<typeof newest>): Counted['heartbeat'] {
  const [found] = buckets;
  if (found === undefined || found.seen.value === null) return null;
  const atMs = typeof found.key === 'number' ? found.key : Date.parse(found.key);
  return Number.isFinite(atMs) ? { atMs, seenMs: found.seen.value } : null;
}
