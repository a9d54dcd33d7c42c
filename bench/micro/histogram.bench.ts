import { bench, do_not_optimize, summary } from 'mitata';
import { newHistogram, recordUs } from '../../src/telemetry/histogram.ts';

/** Values of one second at 10,000 requests a second, then it is read out and begun again. */
const VALUES = 10_000;

/** One latency, recorded. */
export function histogram(): void {
  const durationsUs = Array.from({ length: VALUES }, (_, index) => 300 + ((index * 7_919) % 40_000));
  const recorded = newHistogram();
  let list: number[] = [];
  let at = 0;
  const next = () => durationsUs[(at = (at + 1) % VALUES)] ?? 0;
  summary(() => {
    bench('latency: HDR histogram', () => {
      recordUs(recorded, next());
    }).baseline(true);
    bench('latency: pushed to a list', () => {
      list.push(next());
      if (list.length >= VALUES) list = [];
    });
    bench('latency: pushed to a list, sorted once a second', () => {
      list.push(next());
      if (list.length < VALUES) return;
      list.sort((left, right) => left - right);
      do_not_optimize(list[Math.floor(VALUES * 0.99)]);
      list = [];
    });
  });
}
