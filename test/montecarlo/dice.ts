/** Seeded chance for simulations that draw hundreds of millions of numbers. */
export interface Dice {
  /** A number in (0, 1), 32 bits of it. */
  uniform(): number;
  /** How many of `n` happen, each with chance `p`: exact, in constant time. */
  binomial(n: number, p: number): number;
  /** Standard normal. */
  normal(): number;
}

/**
 * xoshiro128** (Blackman & Vigna 2021, "Scrambled linear pseudorandom number generators"), period 2^128 - 1, seeded by
 * splitmix32 over all words, so that runs with neighbouring numbers have nothing in common.
 * @param words any integers: the same words give the same numbers on every machine
 */
export function diceOf(...words: readonly number[]): Dice {
  const uniform = xoshiro(words);
  return {
    uniform,
    binomial: (n, p) => binomial(uniform, n, p),
    normal: () => {
      // Box & Muller 1958; the other half is not kept: nobody has to know what was asked before.
      const radius = Math.sqrt(-2 * Math.log(uniform()));
      return radius * Math.cos(2 * Math.PI * uniform());
    },
  };
}

function xoshiro(words: readonly number[]): () => number {
  let mixed = 0x9e3779b9;
  const split = (): number => {
    mixed = (mixed + 0x9e3779b9) | 0;
    let z = mixed ^ (mixed >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
  for (const word of words) mixed = split() ^ word;
  let [a, b, c, d] = [split(), split(), split(), split() | 1];
  return () => {
    const five = Math.imul(b, 5);
    const drawn = Math.imul((five << 7) | (five >>> 25), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return ((drawn >>> 0) + 0.5) / 4_294_967_296;
  };
}

/** Below this mean counting up from zero is as fast as anything. */
const FEW = 10;

function binomial(uniform: () => number, n: number, p: number): number {
  if (n <= 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - binomial(uniform, n, 1 - p);
  return n * p < FEW ? inverted(uniform, n, p) : rejected(uniform, n, p);
}

/** The first k at which the distribution function passes a uniform number. */
function inverted(uniform: () => number, n: number, p: number): number {
  const odds = p / (1 - p);
  const none = Math.exp(n * Math.log1p(-p));
  for (;;) {
    let left = uniform();
    let term = none;
    for (let k = 0; k <= n; k += 1) {
      if (left <= term) return k;
      left -= term;
      term *= (odds * (n - k)) / (k + 1);
    }
  }
}

/** Hörmann 1993, "The generation of binomial random variates", algorithm BTRS. */
function rejected(uniform: () => number, n: number, p: number): number {
  const odds = p / (1 - p);
  const spread = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * spread;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const middle = n * p + 0.5;
  const accepted = 0.92 - 4.2 / b;
  const alpha = (2.83 + 5.1 / b) * spread;
  const mode = Math.floor((n + 1) * p);
  for (;;) {
    const u = uniform() - 0.5;
    const v = uniform();
    const side = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / side + b) * u + middle);
    if (side >= 0.07 && v <= accepted) return k;
    if (k < 0 || k > n) continue;
    const log = Math.log((v * alpha) / (a / (side * side) + b));
    if (log <= logRatio(n, odds, mode, k)) return k;
  }
}

/** ln of the chance of `k` over that of the mode. */
function logRatio(n: number, odds: number, mode: number, k: number): number {
  return (
    (mode + 0.5) * Math.log((mode + 1) / (odds * (n - mode + 1))) +
    (n + 1) * Math.log((n - mode + 1) / (n - k + 1)) +
    (k + 0.5) * Math.log((odds * (n - k + 1)) / (k + 1)) +
    stirling(mode) +
    stirling(n - mode) -
    stirling(k) -
    stirling(n - k)
  );
}

/** What ln k! has beyond Stirling's formula at k + 1; below ten by its definition. */
function stirling(k: number): number {
  const above = k + 1;
  if (k < 10) {
    let log = 0;
    for (let factor = 2; factor <= k; factor += 1) log += Math.log(factor);
    return log - ((k + 0.5) * Math.log(above) - above + 0.5 * Math.log(2 * Math.PI));
  }
  const inverse = 1 / (above * above);
  return (1 / 12 - (1 / 360 - inverse / 1_260) * inverse) / above;
}
