const HALF_LOG_TAU = 0.5 * Math.log(2 * Math.PI);
/** From here on four terms of Stirling's series are exact to the last digits. */
const LARGE = 10;

/**
 * What ln Γ(x) has beyond (x - ½) ln x - x + ½ ln 2π: Binet's function (Whittaker & Watson, "A Course of Modern Analysis",
 * section 12.31). @param x above 0
 */
export function binet(x: number): number {
  let sum = 0;
  let at = x;
  for (; at < LARGE; at += 1) sum += (at + 0.5) * Math.log1p(1 / at) - 1;
  const inverse = 1 / (at * at);
  return sum + (1 / 12 - (1 / 360 - (1 / 1_260 - inverse / 1_680) * inverse) * inverse) / at;
}

/**
 * ln B(a, b). Three logarithms of Γ would cancel most of their digits where one argument is large; here the large
 * parts are taken out first. @param a above 0 @param b above 0
 */
export function logBeta(a: number, b: number): number {
  const logs = (a - 0.5) * -Math.log1p(b / a) + b * -Math.log1p(a / b) - 0.5 * Math.log(b);
  return logs + HALF_LOG_TAU + binet(a) + binet(b) - binet(a + b);
}
