import type { Path } from './problem.ts';

interface Later {
  /** Keys from the root; `*` for any index or name. */
  readonly path: readonly string[];
  readonly message: string;
  readonly hint: string;
}

/** Keys that the product will have and this build has not: they are refused by name, never ignored. */
const LATER: readonly Later[] = [
  ...['clientAuth', 'clientCa', 'crl'].map((key) => ({
    path: ['listen', '*', 'tls', key],
    message: 'client certificates are not there yet',
    hint: 'verify them in front of Cutover and name that proxy under trustedProxies',
  })),
  ...['certificates', 'sni'].map((key) => ({
    path: ['listen', '*', 'tls', key],
    message: 'several certificates on one listener are not there yet',
    hint: 'use one certificate with all names, or a listener for each',
  })),
  {
    path: ['listen', '*', 'tls', 'ticketKeys'],
    message: 'session tickets that all workers share are not there yet: each worker has keys of its own',
    hint: 'remove it',
  },
  {
    path: ['listen', '*', 'tls', 'alpn'],
    message: 'HTTP/2 is not there yet: listeners speak http/1.1',
    hint: 'remove it',
  },
  {
    path: ['rollout', 'stickyKey', 'claim'],
    message: 'a token claim as sticky key is not there yet',
    hint: 'use { cookie: NAME }, { header: NAME } or { address: true }',
  },
  {
    path: ['rollout', 'canary', 'match', '*', 'claim'],
    message: 'canary matches by token claim are not there yet',
    hint: 'match by header, cookie, host or from',
  },
];

/** What is said about a key that comes later, or null for a key that is simply unknown. */
export function notThereYet(path: Path): { readonly message: string; readonly hint: string } | null {
  const found = LATER.find(
    (later) =>
      later.path.length === path.length &&
      later.path.every((part, index) => part === '*' || part === path[index]),
  );
  return found ?? null;
}
