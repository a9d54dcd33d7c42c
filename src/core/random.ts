import { randomBytes } from 'node:crypto';

/**
 * The only place that draws random numbers; a simulation replaces the source by a seeded one.
 */
export interface RandomSource {
  /** A number in [0, 1). */
  next(): number;
}

/** The process's own source, for jitter and sampling that needs no reproduction. */
export const systemRandom: RandomSource = { next: () => Math.random() };

const POOL_BYTES = 4_096;
let pool = '';
let taken = 0;

/**
 * Random lower-case hex for ids that must be unique and need not be secret: drawn from a pool that is filled once in
 * 4 KiB, because one call of the operating system per request was an eighth of the gateway's time.
 * @param digits at most 64
 */
export function pooledHex(digits: number): string {
  if (taken + digits > pool.length) {
    pool = randomBytes(POOL_BYTES).toString('hex');
    taken = 0;
  }
  taken += digits;
  return pool.slice(taken - digits, taken);
}

/** Random lower-case hex of `bytes` bytes from the operating system's generator, for ids and tokens. */
export function randomHex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}

/** Bytes that nobody can guess, for keys. */
export function randomSecret(bytes: number): Uint8Array {
  return new Uint8Array(randomBytes(bytes));
}

/**
 * A reproducible source: mulberry32 (Tommy Ettinger, public domain), 32 bits of state.
 * @param seed any integer; the same seed gives the same sequence on every machine
 */
export function seededRandom(seed: number): RandomSource {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    },
  };
}
