import { failure } from '../core/errors.ts';
import type { Difference, PairResult } from '../core/observation.ts';
import type { RuleHits } from '../core/rules.ts';
import { isStatusKind } from '../core/status-kind.ts';
import { statusPath } from '../diff/status.ts';
import { areTold, isUnreadable } from '../shadow/answer-copy.ts';
import type { AnswerCopy } from '../shadow/answer-copy.ts';
import type { PairEnd, ReplayOutcome } from './result.ts';

const NONE: readonly Difference[] = [];
const NO_HITS: readonly RuleHits[] = [];
const UNJUDGED = {
  judged: false,
  differences: NONE,
  differs: false,
  statusDiffers: false,
  improvedOnly: false,
  ignored: NO_HITS,
} as const;

/** The answers of both lanes; null for one that was given up. */
export interface Answers {
  readonly legacy: AnswerCopy | null;
  readonly candidate: AnswerCopy | null;
}

/** Both answers, as a whole. */
export interface WholeAnswers {
  readonly legacy: AnswerCopy;
  readonly candidate: AnswerCopy;
}

/**
 * The end of a pair that cannot be compared as it is: a lane failed, or an answer was too large to keep. A candidate
 * that gave no answer where legacy gave one is held against it, under a class of its own: it must not leave the
 * report by failing.
 * @returns both answers, when they are there as a whole
 */
export function endWithoutComparison({ legacy, candidate }: Answers): PairEnd | WholeAnswers {
  if (legacy === null || candidate === null)
    return { ...UNJUDGED, outcome: 'interrupted', ...heard({ legacy, candidate }) };
  const said = heard({ legacy, candidate });
  if (legacy.failed !== null) {
    const outcome = candidate.failed === null ? losing('legacy', legacy) : 'both_failed';
    return { ...UNJUDGED, outcome, ...said };
  }
  if (candidate.failed !== null) return candidateFailed(legacy, candidate, said);
  const legacyLarge = legacy.body.overflowed !== 'no';
  const candidateLarge = candidate.body.overflowed !== 'no';
  const isWhole = !legacyLarge && !candidateLarge;
  if (isWhole || areTold(legacy, candidate)) return { legacy, candidate };
  const end = { ...UNJUDGED, outcome: 'response_too_large', ...said } as const;
  return legacyLarge === candidateLarge || isUnreadable(legacy, candidate)
    ? end
    : { ...end, ...differing([unequal(legacyLarge)]) };
}

/** The end of a pair that was compared; null: it was lost on the way. */
export function endOfComparison(answers: WholeAnswers, result: PairResult | null): PairEnd {
  const said = heard(answers);
  if (result === null) return { ...UNJUDGED, outcome: 'diff_dropped', ...said };
  if (result.undecided === true) return { ...UNJUDGED, outcome: 'response_too_large', ...said };
  const { differences, found, improvedOnly, ignored } = result;
  const verdict = { ...differing(differences), differs: found > 0 && !improvedOnly, improvedOnly, ignored };
  return { ...verdict, outcome: 'compared', ...said };
}

function losing(lane: 'legacy' | 'candidate', { failed }: AnswerCopy): ReplayOutcome {
  const late = failed !== null && failure(failed).status === 504;
  return late ? `${lane}_timed_out` : `${lane}_failed`;
}

function candidateFailed(legacy: AnswerCopy, candidate: AnswerCopy, said: ReturnType<typeof heard>): PairEnd {
  const before = legacy.answered;
  const difference: Difference =
    before >= 500
      ? { kind: 'both_failed', path: 'status', legacy: said.legacy, candidate: said.candidate }
      : {
          kind: 'regressed',
          path: statusPath(before, 0),
          legacy: said.legacy,
          candidate: said.candidate,
        };
  return { ...differing([difference]), outcome: losing('candidate', candidate), ...said };
}

function unequal(legacyLarge: boolean): Difference {
  const [large, small] = ['too large to be kept', 'within the limit'];
  return {
    kind: 'body_bytes',
    path: 'body',
    legacy: legacyLarge ? large : small,
    candidate: legacyLarge ? small : large,
  };
}

function differing(
  differences: readonly Difference[],
): Omit<PairEnd, 'outcome' | keyof ReturnType<typeof heard>> {
  const statusDiffers = differences.some(({ kind }) => isStatusKind(kind));
  return { judged: true, differences, differs: true, statusDiffers, improvedOnly: false, ignored: NO_HITS };
}

function heard({
  legacy,
  candidate,
}: Answers): Pick<PairEnd, 'legacy' | 'candidate' | 'legacyUs' | 'candidateUs'> {
  return {
    legacy: wordOf(legacy),
    candidate: wordOf(candidate),
    legacyUs: serviceUsOf(legacy),
    candidateUs: serviceUsOf(candidate),
  };
}

function wordOf(answer: AnswerCopy | null): string {
  return answer === null ? '' : (answer.failed ?? String(answer.answered));
}

function serviceUsOf(answer: AnswerCopy | null): number {
  return answer === null || answer.failed !== null ? -1 : answer.serviceUs;
}
