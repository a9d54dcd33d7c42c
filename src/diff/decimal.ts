import { canonicalNumber } from './json-number.ts';

/** Digits and powers of ten beyond which no arithmetic is tried: they are compared as they are written. */
const MOST_DIGITS = 400;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** An exact decimal: `digits` × 10^`exponent`. */
export interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

/** A number text as an exact decimal; null for what is no number of JSON, or is too long to reckon with. */
export function decimalOf(text: string): Decimal | null {
  if (text.length > MOST_DIGITS || !NUMBER.test(text)) return null;
  const canonical = canonicalNumber(text);
  if (canonical === '0') return { digits: 0n, exponent: 0 };
  const at = canonical.indexOf('e');
  const exponent = Number(canonical.slice(at + 1));
  if (at === -1 || Math.abs(exponent) > MOST_DIGITS) return null;
  return { digits: BigInt(canonical.slice(0, at)), exponent };
}

/** Rounded to so many places behind the point, half away from zero, in one writing. */
export function rounded({ digits, exponent }: Decimal, places: number): string {
  const dropped = -places - exponent;
  if (dropped <= 0) return canonicalNumber(`${digits}e${exponent}`);
  const unit = 10n ** BigInt(dropped);
  const magnitude = (digits < 0n ? -digits : digits) + unit / 2n;
  const whole = magnitude / unit;
  return canonicalNumber(`${digits < 0n && whole > 0n ? '-' : ''}${whole}e${-places}`);
}

/** Whether two numbers are apart by `most` at the most, or by this share of the larger magnitude. */
export function areNear(one: Decimal, other: Decimal, most: Decimal, asShare: boolean): boolean {
  const lowest = Math.min(one.exponent, other.exponent);
  const [a, b] = [scaled(one, lowest), scaled(other, lowest)];
  const apart = magnitude(a - b);
  const [magnitudeA, magnitudeB] = [magnitude(a), magnitude(b)];
  const whole = asShare ? (magnitudeA > magnitudeB ? magnitudeA : magnitudeB) : 1n;
  const bound = { digits: most.digits * whole, exponent: most.exponent + (asShare ? lowest : 0) };
  const common = Math.min(bound.exponent, lowest);
  return scaled({ digits: apart, exponent: lowest }, common) <= scaled(bound, common);
}

function scaled({ digits, exponent }: Decimal, to: number): bigint {
  return digits * 10n ** BigInt(exponent - to);
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
