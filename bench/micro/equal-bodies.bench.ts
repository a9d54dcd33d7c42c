import { isDeepStrictEqual } from 'node:util';
import { bench, do_not_optimize, summary } from 'mitata';
import { sameBytes } from '../../src/diff/body.ts';
import { comparePair } from '../../src/diff/compare.ts';
import { jsonBody, pair } from './samples.ts';

/** Two answers that are the same: almost all pairs of a good candidate. */
export function equalBodies(): void {
  const [one, other] = [jsonBody(), jsonBody()];
  const whole = pair(1);
  summary(() => {
    bench('equal bodies: bytes first', () => {
      do_not_optimize(sameBytes(one, other));
    }).baseline(true);
    bench('equal bodies: parse both and compare values', () => {
      const values = [JSON.parse(one.toString()) as unknown, JSON.parse(other.toString()) as unknown];
      do_not_optimize(isDeepStrictEqual(values[0], values[1]));
    });
    bench('equal answers: status, fields and body', () => {
      do_not_optimize(comparePair(whole));
    });
  });
}
