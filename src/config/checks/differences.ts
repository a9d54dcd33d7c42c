import { RE2JS } from 're2js';
import { wallMs } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { isNeverCompared } from '../../core/never-compared.ts';
import { parseRulePath } from '../../core/rule-path.ts';
import { endOfDay } from '../compile-differences.ts';
import { ACTIONS } from '../schema-differences.ts';
import type { Finding, Path } from '../problem.ts';
import { error, errorAtKey, warning } from '../problem.ts';
import type { Source } from '../source.ts';
import { itemsAt, textAt, valueAt } from '../view.ts';
import { checkEndpoints } from './rule-endpoints.ts';

const RULES = ['differences', 'rules'];

/** Rules that can do something: paths that exist, endpoints that are compared, patterns that are some. */
export function checkDifferences({ raw }: Source): Finding[] {
  const rules = itemsAt(raw, RULES);
  return [
    ...rules.flatMap((rule) => [
      ...checkPath(raw, rule),
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
  const [place = '', ...rest] = path.split('/');
  const name = rest[0]?.toLowerCase() ?? '';
  if (place === 'headers' && isNeverCompared(name)) {
    return [error(at, `this rule can never match: ${name} is not compared in any case`, 'remove the rule')];
  }
  return [...checkPlace(raw, rule, place), ...checkParts(at, place, rest)];
}

/** Actions that a place has nothing for. */
function checkPlace(raw: unknown, rule: Path, place: string): Finding[] {
  const action = ACTIONS.find((name) => valueAt(raw, [...rule, name]) !== undefined);
  if (action === undefined || action === 'ignore') return [];
  const never = (what: string, hint: string): Finding[] => [
    errorAtKey([...rule, action], `this rule can never match: ${what}`, hint),
  ];
  if (place === 'status') return never('a status can only be ignored', 'write ignore: true');
  if (place === 'headers' && action === 'keyedBy') {
    return never('a header is no list of objects', 'write sort: true or unordered: true');
  }
  return [];
}

/** `items/0/price` is a key called 0: places in a list have no names. */
function checkParts(at: Path, place: string, rest: readonly string[]): Finding[] {
  const index = rest.findIndex((part) => /^\d+$/.test(part));
  if (place !== 'body' || index === -1) return [];
  const better = [place, ...rest.with(index, '*')].join('/');
  const message = `"${rest[index]}" is a key of that name and no place in a list`;
  return [warning(at, message, `elements of lists are written *: ${better}`)];
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
