import type { Node, Scalar } from 'yaml';

/** Variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

interface Unresolved {
  readonly node: Node;
  readonly message: string;
  readonly hint: string;
}

const VARIABLE = /\$\$|\$\{([A-Za-z_][A-Za-z0-9_]{0,127})(?::([-?])([^}]*))?\}|\$\{/g;

/**
 * Puts variables into the scalars of a document: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`, and `$$`
 * for one dollar sign. Only after parsing, so that a value cannot add keys. A plain (unquoted) scalar gets its
 * type afterwards: `workers: ${WORKERS}` is a number. Keys are left alone.
 * @param scalars the values that may hold one
 * @param written filled with the text of every changed scalar as it stands in the file
 * @returns variables that are not set; the values of others are in none of the messages
 */
export function interpolate(
  scalars: readonly Scalar<string>[],
  environment: Environment,
  written: Map<Scalar, string>,
): Unresolved[] {
  const missing: Unresolved[] = [];
  for (const node of scalars) {
    const before = node.value;
    const after = fill(before, environment, (message, hint) => missing.push({ node, message, hint }));
    if (after === before) continue;
    written.set(node, before);
    (node as Scalar).value = node.type === 'PLAIN' ? typed(after) : after;
  }
  return missing;
}

function fill(
  text: string,
  environment: Environment,
  report: (message: string, hint: string) => void,
): string {
  return text.replace(VARIABLE, (whole: string, name?: string, operator?: string, rest = '') => {
    if (whole === '$$') return '$';
    if (name === undefined) {
      report('this variable cannot be read', 'write ${NAME}, ${NAME:-default}, or $$ for a dollar sign');
      return whole;
    }
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (value !== undefined && (value !== '' || operator === undefined)) return value;
    if (operator === '-') return rest;
    const message = operator === '?' && rest !== '' ? `${name}: ${rest}` : `the variable ${name} is not set`;
    report(message, `set ${name}, or give a default: \${${name}:-value}`);
    return whole;
  });
}

/** The types that YAML's core schema gives to plain scalars, as far as the configuration has them. */
function typed(text: string): string | number | boolean {
  if (/^-?(0|[1-9]\d{0,14})(\.\d{1,15})?$/.test(text)) return Number(text);
  if (text === 'true' || text === 'false') return text === 'true';
  return text;
}
