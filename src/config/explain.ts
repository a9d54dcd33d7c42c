import type { z } from 'zod';
import { LIMITS } from '../core/limits.ts';
import { knownKeys } from './known.ts';
import type { Finding, Path } from './problem.ts';
import { error, errorAtKey } from './problem.ts';
import { didYouMean } from './suggest.ts';
import { valueAt } from './view.ts';

type Issue = z.core.$ZodIssue;

/**
 * What a schema says against a value, in words for people. Values are never quoted: they may be secrets.
 * @param raw the value that was refused, to tell a missing key from a wrong one
 */
export function schemaFindings(schema: z.ZodType, raw: unknown): Finding[] {
  const result = schema.safeParse(raw);
  return result.success ? [] : issueFindings(schema, raw, result.error.issues);
}

/** The same of a value that the schema was asked about before. */
export function issueFindings(schema: z.ZodType, raw: unknown, issues: readonly Issue[]): Finding[] {
  const told = withoutEchoes(issues);
  return told.flatMap((issue) => explain(schema, raw, issue)).slice(0, LIMITS.configProblems * 10);
}

function explain(schema: z.ZodType, raw: unknown, issue: Issue): Finding[] {
  const path = issue.path as Path;
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, path);
    return issue.keys.slice(0, LIMITS.configProblems).map((key) => unknownKey([...path, key], key, known));
  }
  if (issue.code === 'invalid_union') return explainUnion(schema, raw, issue);
  if (issue.code === 'invalid_key')
    return [errorAtKey(path, ...split(issue.issues[0]?.message ?? issue.message))];
  if (valueAt(raw, path) === undefined && path.length > 0) return [missing(path, issue)];
  return [wrongValue(raw, path, issue)];
}

/** A map with an unknown key need not hear as well that it lacks a known one: the key was misspelt. */
function withoutEchoes(issues: readonly Issue[]): Issue[] {
  const place = (issue: Issue) => JSON.stringify(issue.path);
  const misspelt = new Set(issues.filter((issue) => issue.code === 'unrecognized_keys').map(place));
  return issues.filter((issue) => issue.code !== 'custom' || !misspelt.has(place(issue)));
}

function unknownKey(path: Path, key: string, known: readonly string[]): Finding {
  return errorAtKey(path, `unknown key "${shorten(key)}"`, didYouMean(key, known));
}

function missing(path: Path, issue: Issue): Finding {
  const key = path.at(-1);
  return errorAtKey(path, `the key "${key}" is missing`, split(issue.message)[1]);
}

function wrongValue(raw: unknown, path: Path, issue: Issue): Finding {
  const [message, hint] = split(issue.message);
  const value = valueAt(raw, path);
  if (value === null) return error(path, 'there is no value', 'write one, or remove the key');
  if (issue.code === 'invalid_value' && typeof value === 'string') {
    return error(path, message, didYouMean(value, issue.values.map(String)) ?? hint);
  }
  return error(path, message, hint);
}

/** Of the branches of a union the one that fits the type of the value, else all that would be allowed. */
function explainUnion(schema: z.ZodType, raw: unknown, issue: z.core.$ZodIssueInvalidUnion): Finding[] {
  const path = issue.path as Path;
  const branches = issue.errors.filter((issues) => !issues.some(isOtherType));
  const best = branches.toSorted((a, b) => score(a) - score(b))[0] ?? issue.errors[0] ?? [];
  if (best.length === 0) return [wrongValue(raw, path, issue)];
  return best.flatMap((inner) => explain(schema, raw, { ...inner, path: [...path, ...inner.path] }));
}

function isOtherType(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
}

/** Unknown keys weigh most: `{ env: … }` is nearer to the branch that knows `env`. */
function score(issues: readonly Issue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? 10 : 1), 0);
}

/** The two halves of {@link import('./fields.ts').say}. */
function split(message: string): [message: string, hint: string | null] {
  const [first = '', second] = message.split('\n');
  return [first, second ?? null];
}

function shorten(key: string): string {
  return key.length > 40 ? `${key.slice(0, 40)}…` : key;
}
