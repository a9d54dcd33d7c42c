import { LIMITS } from '../core/limits.ts';
import { excessInterval } from '../stats/interval.ts';
import { splitAlpha } from '../stats/split.ts';
import type { ClassEvidence } from './class-evidence.ts';
import { NOISE_WAYS } from './patterns.ts';

/** What the triples say about a class. */
export const CLASS_VERDICTS = ['unexplained', 'noise', 'undecided'] as const;

export const CLASS_REASONS = ['EXCESS', 'PATTERN', 'NOISE', 'TOO_FEW', 'NO_TRIPLES'] as const;

/** The chance that any class at all, however many there are and however often one looks, is called unexplained although
 * the candidate differs from legacy as legacy does from itself. */
export const CLASSES_ALPHA = 0.05;

/** A share with its confidence sequence: it holds however often it is looked at. */
export interface ShareBounds {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** What is said about a class. */
export interface ClassVerdict {
  readonly verdict: (typeof CLASS_VERDICTS)[number];
  /**
   * `EXCESS`: the candidate shows it more often than legacy itself; `PATTERN`: its values go another way; `NOISE`:
   * legacy itself shows it, and the candidate not notably more; `TOO_FEW`: not enough triples; `NO_TRIPLES`: none.
   */
  readonly reason: (typeof CLASS_REASONS)[number];
  /** The pattern of the values that legacy's noise has not, for `PATTERN`. */
  readonly pattern: string | null;
}

/** How often a class shows; null shares without triples. */
export interface ClassBounds {
  /** Triples of the endpoint. */
  readonly triples: number;
  /** Share of triples in which the candidate, and in which the second legacy answer, differs from the first. */
  readonly candidate: ShareBounds | null;
  readonly noise: ShareBounds | null;
  /** Difference of the two. */
  readonly excess: ShareBounds | null;
}

/** Of the part that one class may spend of the chance of error: for the class itself; the rest is for its patterns. */
const CLASS_PART = 0.75;

/** What one class may spend of the chance of error as a whole, and each pattern of its values. */
function alphasOf({ rank }: ClassEvidence): { readonly whole: number; readonly pattern: number } {
  const alpha = splitAlpha(CLASSES_ALPHA, rank);
  return { whole: alpha * CLASS_PART, pattern: (alpha * (1 - CLASS_PART)) / LIMITS.patternsJudged };
}

/**
 * Judges one class. Unexplained is what the running maximum of the evidence has shown once; it stays so. Three quarters
 * of the class's part of the error go to the class as a whole, the rest to the patterns of its values in equal parts.
 * @param triples of the endpoint
 * @param margin excess that is tolerated anyway, a fraction
 */
export function judgeClass(evidence: ClassEvidence, triples: number, margin: number): ClassVerdict {
  const strange = unexplained(evidence);
  if (strange !== null) return strange;
  const { plus, minus, both } = evidence;
  if (triples + plus + minus + both === 0) return said('undecided', 'NO_TRIPLES');
  // Bounds take a moment: they are asked for where legacy shows it at all.
  const explained = minus + both > 0 && isExplained(boundsOf(evidence, triples), margin);
  return explained ? said('noise', 'NOISE') : said('undecided', 'TOO_FEW');
}

function said(verdict: ClassVerdict['verdict'], reason: ClassVerdict['reason']): ClassVerdict {
  return { verdict, reason, pattern: null };
}

function unexplained(evidence: ClassEvidence): ClassVerdict | null {
  const alpha = alphasOf(evidence);
  if (evidence.peak >= Math.log(1 / alpha.whole)) return said('unexplained', 'EXCESS');
  const pattern = strangePattern(evidence, alpha.pattern);
  return pattern === null ? null : { ...said('unexplained', 'PATTERN'), pattern };
}

/** How often a class shows, each bound at the class's own part of the chance of error. @param triples of the endpoint */
export function boundsOf(evidence: ClassEvidence, triples: number): ClassBounds {
  const { plus, minus, both } = evidence;
  const alpha = alphasOf(evidence).whole;
  const n = Math.max(triples, plus + minus + both);
  return {
    triples: n,
    candidate: shareBounds(n, plus + both, alpha),
    noise: shareBounds(n, minus + both, alpha),
    excess: excessBounds(n, plus, minus, alpha),
  };
}

/** Legacy shows it beyond doubt, and what the candidate shows more is at the most half of that, or within the margin. */
function isExplained({ noise, excess }: ClassBounds, margin: number): boolean {
  if (noise === null || excess === null || noise.low <= 0) return false;
  return excess.high <= Math.max(margin, noise.low / 2);
}

/** The pattern with the most evidence, if that is enough. */
function strangePattern({ patterns }: ClassEvidence, alpha: number): string | null {
  const enough = Math.log(1 / alpha);
  const found = Object.entries(patterns).filter(
    ([pattern, { peak }]) => peak >= enough && (!NOISE_WAYS.has(pattern) || goesBothWays(patterns)),
  );
  return found.toSorted(([, one], [, other]) => other.peak - one.peak)[0]?.[0] ?? null;
}

/** Noise of one way in so few cases is no noise of both ways. */
const LEAST_OTHER_WAY = 10;
const LEAST_OTHER_SHARE = 0.1;

/**
 * Whether legacy's noise goes up and down. Clocks and counters only go on: the second answer of one legacy is then always
 * above its first, and a candidate with a clock or a counter of its own need not be. That it goes another way means
 * nothing there.
 */
function goesBothWays(patterns: ClassEvidence['patterns']): boolean {
  const [up = 0, down = 0] = [...NOISE_WAYS.values()].map((way) => patterns[way]?.minus ?? 0);
  const rarer = Math.min(up, down);
  return rarer >= LEAST_OTHER_WAY && rarer >= LEAST_OTHER_SHARE * (up + down);
}

/** How large a share of `n` is, of which `some` were seen; null without any. */
export function shareBounds(n: number, some: number, alpha: number): ShareBounds | null {
  const bounds = excessBounds(n, some, 0, alpha);
  return bounds === null ? null : { ...bounds, low: Math.max(0, bounds.low) };
}

function excessBounds(n: number, plus: number, minus: number, alpha: number): ShareBounds | null {
  const interval = excessInterval({ n, plus, minus }, alpha);
  return interval === null ? null : { estimate: (plus - minus) / n, low: interval[0], high: interval[1] };
}
