import { RE2JS } from 're2js';
import { wallMs } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { parseRulePath } from '../../core/rule-path.ts';
import { endOfDay } from '../compile-differences.ts';
import { ACTIONS } from '../schema-differences.ts';
import type { Finding, Path } from '../problem.ts';
import { error, errorAtKey, warning } from '../problem.ts';
import type { Source } from '../source.ts';
import { itemsAt, textAt, valueAt } from '../view.ts';
import { checkEndpoints } from './rule-endpoints.ts';
import { checkKinds } from './rule-kinds.ts';
import { checkPlace } from './rule-places.ts';

const RULES = ['differences', 'rules'];

/** Rules that can do something: paths that exist, endpoints that are compared, patterns that are some. */
export function checkDifferences({ raw }: Source): Finding[] {
  const rules = itemsAt(raw, RULES);
  return [
    ...rules.flatMap((rule) => [
      ...checkPath(raw, rule),
      ...checkField(raw, rule),
      ...checkPattern(raw, rule),
      ...checkExpiry(raw, rule),
      ...checkEndpoints(raw, rule),
    ]),
    ...checkRepeated(raw, rules),
  ];
}

function checkPath(raw: unknown, rule: Path): Finding[] {
  const at = [...rule, 'path'];
  const path = textAt(raw, at);
  if (path === null || path === '') return [];
  const parsed = parseRulePath(path);
  if (!parsed.ok) return [error(at, parsed.message, parsed.hint)];
  return [...checkPlace(raw, rule, path), ...checkKinds(raw, rule, path), ...checkParts(at, path)];
}

/** `items/0/price` is a key called 0: places in a list have no names. */
function checkParts(at: Path, path: string): Finding[] {
  const [place = '', ...rest] = path.split('/');
  const index = rest.findIndex((part) => /^\d+$/.test(part));
  if (place !== 'body' || index === -1) return [];
  const better = [place, ...rest.with(index, '*')].join('/');
  const message = `"${rest[index]}" is a key of that name and no place in a list`;
  return [warning(at, message, `elements of lists are written *: ${better}`)];
}

/** The field of `keyedBy` is a key, or keys with one `/` between them. */
function checkField(raw: unknown, rule: Path): Finding[] {
  const at = [...rule, 'keyedBy'];
  const field = textAt(raw, at);
  if (field === null || field === '') return [];
  const parts = field.split('/');
  const better = parts.filter((part) => part !== '');
  if (better.length === parts.length) return [];
  const message = `this rule can never match: a part of "${field}" is empty`;
  return [error(at, message, `write: ${better.length === 0 ? 'id' : better.join('/')}`)];
}

function checkPattern(raw: unknown, rule: Path): Finding[] {
  const at = [...rule, 'regex'];
  const pattern = textAt(raw, at);
  if (pattern === null) return [];
  try {
    RE2JS.compile(pattern);
    return [];
  } catch (thrown) {
    const why = messageOf(thrown).replace(/^error parsing regexp: /, '');
    return [
      error(at, `this is no pattern: ${why}`, 'patterns are RE2’s: no look-around and no back-references'),
    ];
  }
}

function checkExpiry(raw: unknown, rule: Path): Finding[] {
  const at = [...rule, 'expires'];
  const date = textAt(raw, at);
  if (date === null || !(endOfDay(date) <= wallMs())) return [];
  return [warning(at, 'this rule is over and is not applied', 'remove it, or give it a later day')];
}

/** Twice the same rule: the second would never find anything to do. */
function checkRepeated(raw: unknown, rules: readonly Path[]): Finding[] {
  const seen = new Map<string, number>();
  return rules.flatMap((rule, index) => {
    const does = ['path', 'endpoints', 'replace', ...ACTIONS].map((key) => valueAt(raw, [...rule, key]));
    const key = JSON.stringify(does);
    const first = seen.get(key);
    seen.set(key, first ?? index);
    if (first === undefined || textAt(raw, [...rule, 'path']) === null) return [];
    return [errorAtKey([...rule, 'path'], `rules[${first}] does the same`, 'remove one of the two')];
  });
}
