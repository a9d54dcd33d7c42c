import type { DifferenceDetail, Differences } from '../control/schema/differences.ts';
import type { KeptGateInput } from '../control/schema/gate-input.ts';
import type { History } from '../control/schema/history.ts';
import type { Status } from '../control/schema/status.ts';
import type { Report } from './schema.ts';

/** Everything a report of a running gateway is made of. */
export interface ReportInput {
  readonly status: Status;
  /** What the verdict of this status was made of. */
  readonly gateInput: KeptGateInput;
  readonly differences: Differences;
  /** The largest class; null: there is none. */
  readonly example: DifferenceDetail | null;
  readonly history: History;
}

type Class = Differences['classes'][number];

/** The report of a running gateway: pure, the same input gives the same bytes. */
export function buildReport({ status, gateInput, differences, example, history }: ReportInput): Report {
  const { rollout, gate, shares, lanes, pairLatency, delta, pairs, ineligible, edge } = status;
  return {
    schemaVersion: 1,
    meta: metaOf(status),
    gate,
    gateInput,
    rollout,
    shares,
    lanes,
    pairLatency: { ...pairLatency, delta },
    pairs,
    ineligible,
    edge,
    compared: differences.compared,
    classes: differences.classes,
    classesTotal: differences.total,
    example,
    legacyOnly: differences.classes.filter(isLegacyOnly).map(legacyOnlyOf),
    history: { intact: history.intact, total: history.total, entries: history.entries },
  };
}

function metaOf({ product, build, atMs, observed, rollout, snapshot }: Status): Report['meta'] {
  const { epoch } = rollout;
  const { configHash } = snapshot;
  return { product, build, madeAtMs: atMs, source: 'live', ...observed, epoch, configHash };
}

/** By its kind, by a redirect that became something else, or by an example in which the candidate has nothing. */
function isLegacyOnly({ kind, path, example }: Class): boolean {
  if (kind === 'header_missing' || kind === 'json_missing') return true;
  if (/^status\/3\d\d-[^3]/.test(path)) return true;
  const difference = example?.difference;
  return difference !== undefined && difference.legacy !== null && difference.candidate === null;
}

function legacyOnlyOf({ id, endpoint, kind, path, count, example }: Class): Report['legacyOnly'][number] {
  return { class: id, endpoint, kind, path, count, legacy: example?.difference.legacy ?? null };
}

/** The report as its file holds it. */
export function reportJson(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
