import type { StoredClass } from '../rollout/ports.ts';

/**
 * The rule that ignores one class, as YAML of `diff.rules`: this kind at this path of this endpoint, and nothing else.
 * Reason, owner and end are for a person to say.
 */
export function proposedRule({
  endpoint,
  kind,
  path,
}: Pick<StoredClass, 'endpoint' | 'kind' | 'path'>): string {
  return `{ path: ${text(rulePath(kind, path))}, endpoints: [${text(endpointGlob(endpoint))}], ignore: [${kind}] }`;
}

/** Where a class stands, in the words of rules: `status/200-404`, `headers/x-build`, `body/items/*\/price`. */
export function rulePath(kind: string, path: string): string {
  if (path === 'status' || path.startsWith('status/')) return path;
  if (path === 'body' || path.startsWith('body/')) return path;
  const inBody = kind.startsWith('body_') || kind.startsWith('json_');
  return inBody ? `body${path}` : `headers/${path}`;
}

/** A template as a glob: what stands in braces is one segment. */
export function endpointGlob(endpoint: string): string {
  const space = endpoint.indexOf(' ');
  const [method, path] = [endpoint.slice(0, space), endpoint.slice(space + 1)];
  if (path === '{other}') return `${method} /**`;
  return `${method} ${path.replaceAll(/\{[^{}/]*\}/g, '*')}`;
}

/** In double quotes, as JSON writes it: YAML reads that the same way. */
function text(value: string): string {
  return JSON.stringify(value);
}
