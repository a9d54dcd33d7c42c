import { randomHex } from '../../core/random.ts';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_DIGITS = 10;
const RANDOM_DIGITS = 16;

function base32(value: bigint, digits: number): string {
  let text = '';
  for (let rest = value; text.length < digits; rest >>= 5n) text = `${CROCKFORD[Number(rest & 31n)]}${text}`;
  return text;
}

/** A name for one life of a store: 48 bits of time and 80 random bits in Crockford's base 32, as a ULID has them. */
export function newGeneration(nowMs: number): string {
  return base32(BigInt(nowMs), TIME_DIGITS) + base32(BigInt(`0x${randomHex(10)}`), RANDOM_DIGITS);
}
