// HOT: one test per request; only a path with one of these characters takes the slow way.

const READ_DIFFERENTLY = /%2F|%5C|%3B|;/;
/** Escapes of what may stand unescaped in a path (RFC 3986, `pchar`): servers that decode see no difference. */
const NEEDLESS = /%(?:2[14-9A-C]|3[AD]|40)/g;
const BOTH = /%2F|%5C/g;
const SLASHES: readonly (RegExp | null)[] = [null, /%2F/g, /%5C/g, BOTH];
const PARAMETERS = /;[^/]*/g;
const HIDDEN_PARAMETERS = /(?:;|%3B)[^/]*/g;
const REPEATED = /\/{2,}/g;

/** Whether servers read a path in more than one way. */
export function isAmbiguous(path: string): boolean {
  return READ_DIFFERENTLY.test(path);
}

/** The form of a path that routes are matched in: what nothing needs to escape is not escaped. */
export function plainly(path: string): string {
  return path.includes('%') ? path.replaceAll(NEEDLESS, decodeURIComponent) : path;
}

/** The reading of servers that take `%2F` and `%5C` for slashes and cut at `;`: it names the route. */
export function asRead(path: string): string {
  if (!READ_DIFFERENTLY.test(path)) return plainly(path);
  return plainly(path).replaceAll(BOTH, '/').replaceAll(PARAMETERS, '').replaceAll(REPEATED, '/');
}

/**
 * Every way in which common servers read a path: `%2F` or `%5C` as a slash or not, parameters cut before or after that
 * or not at all, slashes merged. The guards of all routes found by them hold.
 * @returns each reading once, 20 at the most
 */
export function readingsOf(path: string): Set<string> {
  const plain = plainly(path);
  const readings = new Set<string>();
  for (const slash of SLASHES) {
    const decode = (text: string): string => (slash === null ? text : text.replaceAll(slash, '/'));
    const decoded = decode(plain);
    const cut = decode(plain.replaceAll(PARAMETERS, ''));
    const texts = [
      decoded,
      cut,
      cut.replaceAll(HIDDEN_PARAMETERS, ''),
      decoded.replaceAll(PARAMETERS, ''),
      decoded.replaceAll(HIDDEN_PARAMETERS, ''),
    ];
    for (const text of texts) readings.add(text.replaceAll(REPEATED, '/'));
  }
  return readings;
}
