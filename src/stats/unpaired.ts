import { BETS, LOG_WEIGHTS, logSumExp } from './bets.ts';

/** What two randomised arms saw. The unit (request or user) is what was randomised. */
export interface ArmCounts {
  /** Units of both arms together. */
  readonly n: number;
  /** Bad ones of the candidate's arm. */
  readonly candidateBad: number;
  /** Bad ones of legacy's arm. */
  readonly legacyBad: number;
}

const terms = new Float64Array(BETS.length);

/**
 * Evidence that the candidate is bad less than `margin` more often than legacy, from arms that were drawn at random: the
 * natural logarithm of an e-process against "the difference is `margin` or more". Each unit counts as
 * Z = bad·1{candidate}/ρ - bad·1{legacy}/(1-ρ), whose mean is the difference (Horvitz & Thompson 1952, "A generalization
 * of sampling without replacement"); the bets are those of Waudby-Smith & Ramdas 2024.
 * @param share chance ρ of the candidate's arm, a fraction between 0 and 1
 * @param margin tolerated difference, a fraction
 */
export function logAdvanceUnpaired(counts: ArmCounts, share: number, margin: number): number {
  return mixture(counts, (bet) => {
    const stake = bet / (1 / share - margin);
    return [stake * margin, stake * (margin - 1 / share), stake * (margin + 1 / (1 - share))];
  });
}

/**
 * Evidence that the candidate is bad more than `base` more often than legacy, from arms that were drawn at random. At base
 * 0 it asks from which arm each bad unit came (Lindon & Malek 2022, "Anytime-valid inference for multinomial count
 * data"): rates that change over time, or that are zero, do no harm.
 * @param share chance of the candidate's arm, a fraction between 0 and 1
 * @param base difference that is taken for granted, a fraction
 */
export function logAbortUnpaired(counts: ArmCounts, share: number, base: number): number {
  return mixture(counts, (bet) => {
    const stake = bet / (base + 1 / (1 - share));
    return [-stake * base, stake * (1 / share - base), -stake * (base + 1 / (1 - share))];
  });
}

/** @param gains of one bet: from a good unit, a bad one of the candidate, a bad one of legacy */
function mixture(
  { n, candidateBad, legacyBad }: ArmCounts,
  gains: (bet: number) => readonly [number, number, number],
): number {
  const good = Math.max(0, n - candidateBad - legacyBad);
  for (let k = 0; k < terms.length; k += 1) {
    const [even, worse, better] = gains(BETS[k] as number);
    terms[k] =
      good * Math.log1p(even) +
      candidateBad * Math.log1p(worse) +
      legacyBad * Math.log1p(better) +
      (LOG_WEIGHTS[k] as number);
  }
  return logSumExp(terms);
}
