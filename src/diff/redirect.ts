import type { Findings } from './findings.ts';
import { maskTarget } from './mask.ts';

/** The request that was answered by a redirect. */
export interface Requested {
  /** `https://shop.example`, or null where nobody knows it. */
  readonly origin: string | null;
  /** Path with its query. */
  readonly target: string;
}

/** Stands in where the origin is not known: no answer can name it (RFC 2606, section 2). */
const UNKNOWN = 'http://origin.invalid';

/** Parts of a URL that may differ alone, in the order they are looked at. */
const PARTS = ['protocol', 'host', 'pathname', 'search', 'hash'] as const;
const NAMES = {
  protocol: 'scheme',
  host: 'host',
  pathname: 'path',
  search: 'query',
  hash: 'fragment',
} as const;

type Values = readonly string[] | undefined;

/**
 * Compares where two redirects lead: what a client makes of them (RFC 9110, section 10.2.2), so that `/a` and
 * `https://shop.example/a` are the same for a client of that host. Where they are not, each part that differs is one
 * difference; another host is told as the own one or not.
 */
export function compareRedirects(
  legacy: Values,
  candidate: Values,
  requested: Requested,
  findings: Findings,
): void {
  if (legacy?.join('\n') === candidate?.join('\n')) return;
  const [one, other] = [soleUrl(legacy, requested), soleUrl(candidate, requested)];
  if (one === null || other === null) {
    findings.add('redirect', 'location', masked(legacy), masked(candidate));
    return;
  }
  if (one.href === other.href) return;
  if (findings.forgives('redirect', 'location', legacy?.[0] ?? '', candidate?.[0] ?? '')) return;
  for (const part of PARTS) comparePart(part, [one, other], requested, findings);
}

/** A redirect is one URL; several values, or what is no URL, are compared as they are. */
function soleUrl(values: Values, { origin, target }: Requested): URL | null {
  if (values?.length !== 1) return null;
  const base = origin ?? UNKNOWN;
  if (!URL.canParse(target, base)) return null;
  return URL.parse(values[0] as string, new URL(target, base));
}

function comparePart(
  part: (typeof PARTS)[number],
  [legacy, candidate]: readonly [URL, URL],
  requested: Requested,
  findings: Findings,
): void {
  if (legacy[part] === candidate[part]) return;
  // A relative form says nothing of scheme and host where the origin is not known: both differ at once.
  if (part === 'protocol' && [legacy, candidate].some((url) => url.origin === UNKNOWN)) return;
  const path = `location/${NAMES[part]}`;
  if (!findings.count('redirect', path)) return;
  findings.keep('redirect', path, shown(part, legacy, requested), shown(part, candidate, requested));
}

/** Queries with their values hidden; of hosts, whose they are. */
function shown(part: (typeof PARTS)[number], url: URL, { origin }: Requested): string {
  if (part === 'host') return `${hostOf(url)}${url.origin === (origin ?? UNKNOWN) ? ' (own)' : ''}`;
  if (part === 'search') return maskTarget(url.search) || '(no query)';
  return url[part] || `(no ${NAMES[part]})`;
}

function hostOf(url: URL): string {
  return url.origin === UNKNOWN ? 'host of the request' : url.host || '(no host)';
}

function masked(values: Values): string | null {
  return values?.map(maskTarget).join(' | ') ?? null;
}
