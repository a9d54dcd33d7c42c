import { count } from '../report/figures.ts';

// Numbers are written as in reports; the views find all writing here.
export { printable as safe } from '../core/printable.ts';
export { formatSpan as age } from '../core/units.ts';
export {
  count,
  counted,
  milliseconds,
  percent,
  rate,
  sayP99Delta,
  signedMilliseconds,
  time,
} from '../report/figures.ts';

/** Bytes in MiB, the size of a process. */
export function mebibytes(bytes: number): string {
  return `${count(bytes / 1024 ** 2)} MiB`;
}
