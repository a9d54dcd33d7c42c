import type { Directive } from './tree.ts';

/** A block with the blocks around it, outermost first: where NGINX looks a directive up. */
export type Scope = readonly Directive[];

/** Directives of one name in the innermost block that has any; NGINX inherits them together or not at all. */
export function effective(scope: Scope, name: string): readonly Directive[] {
  for (const block of scope.toReversed()) {
    const found = (block.block ?? []).filter((directive) => directive.name === name);
    if (found.length > 0) return found;
  }
  return [];
}

/** The first argument of a directive that holds in a scope; null where none does. */
export function valueIn(scope: Scope, name: string): string | null {
  return effective(scope, name).at(-1)?.args[0] ?? null;
}

/** Every block below these directives, itself included, with its scope. */
export function scopesOf(directives: readonly Directive[], around: Scope = []): Scope[] {
  return directives.flatMap((directive) => {
    if (directive.block === null) return [];
    const scope = [...around, directive];
    return [scope, ...scopesOf(directive.block, scope)];
  });
}

/**
 * The location that a URI is sent to inside of a server: an exact one, else the longest prefix. Regular expressions are
 * left to NGINX. @returns null when there is none
 */
export function locationOf(server: Scope, uri: string): Scope | null {
  const scopes = scopesOf(server.at(-1)?.block ?? [], server).filter(
    (scope) => scope.at(-1)?.name === 'location',
  );
  const patternOf = (scope: Scope): readonly string[] => scope.at(-1)?.args ?? [];
  const exact = scopes.find((scope) => patternOf(scope)[0] === '=' && patternOf(scope)[1] === uri);
  if (exact !== undefined) return exact;
  const prefixes = scopes.filter((scope) => {
    const [first = '', second = ''] = patternOf(scope);
    return uri.startsWith(first === '^~' ? second : first) && !first.startsWith('~') && first !== '=';
  });
  const lengthOf = (scope: Scope): number => patternOf(scope).at(-1)?.length ?? 0;
  return prefixes.toSorted((one, other) => lengthOf(other) - lengthOf(one))[0] ?? null;
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  '': 1_000,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A time as NGINX writes it (`250ms`, `1s`, `1m 30s`, `60`), in milliseconds; null for a variable or nonsense. */
export function nginxTimeMs(text: string): number | null {
  let total = 0;
  for (const part of text.split(/\s+/)) {
    const [, number, unit = ''] = /^(\d{1,9})(ms|s|m|h|d)?$/.exec(part) ?? [];
    if (number === undefined) return null;
    total += Number(number) * (UNITS[unit] ?? 1_000);
  }
  return total;
}
