import { isStatusKind } from '../core/status-kind.ts';
import { isAbove } from './fail-on.ts';
import type { FailRule } from './fail-on.ts';
import { percent } from './figures.ts';
import type { ReplayGate } from './replay-gate-schema.ts';
import type { ReplayReport } from './replay-schema.ts';

/** Least share of the requests that must have become judged pairs: below it a census is none. */
const LEAST_COVERAGE = 0.99;

const REGRESSION = 3;
const HOLD = 4;

type Check = ReplayGate['rules'][number];

/**
 * What rules make of a report: pure, and without statistics, because a replay is a census of its capture and no sample.
 * A rule that is hit decides, also where pairs are missing: what was seen was seen.
 * @param baseline a report whose differences are known; null: none are
 */
export function judgeReplay(
  report: ReplayReport,
  baseline: ReplayReport | null,
  rules: readonly FailRule[],
): ReplayGate {
  const checks = rules.map((rule) => checkOf(rule, report, baseline));
  const { coverage, complete, counts } = report;
  const covered = complete && coverage !== null && coverage >= LEAST_COVERAGE;
  const hit = checks.some((check) => check.hit);
  const verdict = hit ? 'abort' : covered ? 'ready' : 'hold';
  return {
    schemaVersion: 1,
    kind: 'replay',
    verdict,
    exitCode: hit ? REGRESSION : covered ? 0 : HOLD,
    label: report.label,
    pairs: counts.judged,
    coverage,
    leastCoverage: LEAST_COVERAGE,
    reason: hit ? hitReason(checks) : covered ? 'no rule is hit' : holdReason(report),
    rules: checks,
    newClasses: newClasses(report, baseline),
  };
}

function hitReason(checks: readonly Check[]): string {
  return `hit: ${checks
    .filter(({ hit }) => hit)
    .map(({ rule }) => rule)
    .join(', ')}`;
}

function holdReason({ complete, coverage }: ReplayReport): string {
  if (!complete) return 'the replay was interrupted: go on with --resume';
  if (coverage === null) return 'no request was sent';
  // Rounded down: what is too little must not look like enough.
  const shown = percent(Math.floor(coverage * 10_000) / 10_000);
  return `pair coverage ${shown} is below ${percent(LEAST_COVERAGE)}`;
}

/** Classes that the baseline does not have, largest first. What only improved is nothing to hold against anybody. */
function newClasses({ classes }: ReplayReport, baseline: ReplayReport | null): ReplayGate['newClasses'] {
  const known = new Set(baseline?.classes.map(({ id }) => id));
  return classes
    .filter(({ id, kind }) => kind !== 'improved' && !known.has(id))
    .map(({ id, endpoint, kind, path, count }) => ({ id, endpoint, kind, path, count }));
}

function checkOf(rule: FailRule, report: ReplayReport, baseline: ReplayReport | null): Check {
  const { counts } = report;
  switch (rule.kind) {
    case 'new-class': {
      const found = newClasses(report, baseline).length;
      // Beyond the classes that are kept nobody knows which they were.
      const unknown = counts.otherClasses > (baseline?.counts.otherClasses ?? 0);
      const more = unknown ? `, and ${counts.otherClasses} differences of classes that were not kept` : '';
      return { rule: rule.text, hit: found > 0 || unknown, detail: `${found} new classes${more}` };
    }
    case 'status':
      return statusCheck(report, baseline);
    case 'rate': {
      const { differing, judged } = counts;
      const share = judged === 0 ? null : differing / judged;
      const detail = `${differing} of ${judged} pairs differ: ${percent(share)}`;
      return { rule: rule.text, hit: isAbove(differing, judged, rule), detail };
    }
  }
}

/** A status class the baseline does not have, or a larger share of pairs whose status differs. */
function statusCheck(report: ReplayReport, baseline: ReplayReport | null): Check {
  const { statusDiffering, judged } = report.counts;
  const fresh = newClasses(report, baseline).filter(({ kind }) => isStatusKind(kind));
  const before = baseline?.counts ?? { statusDiffering: 0, judged: 1 };
  const grew = statusDiffering * before.judged > before.statusDiffering * judged;
  const known = baseline === null ? '' : `, ${before.statusDiffering} of ${before.judged} in the baseline`;
  const detail = `${statusDiffering} of ${judged} pairs differ in status${known}`;
  return { rule: 'status', hit: fresh.length > 0 || grew, detail };
}
