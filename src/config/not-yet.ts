import type { Path } from './problem.ts';

interface Later {
  /** Keys from the root; `*` for any index or name. */
  readonly path: readonly string[];
  readonly message: string;
  readonly hint: string;
}

/** Keys that the product will have and this build has not: they are refused by name, never ignored. */
const LATER: readonly Later[] = [
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
