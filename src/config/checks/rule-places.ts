import { isNeverCompared, isStateOnly } from '../../core/never-compared.ts';
import { ACTIONS } from '../schema-differences.ts';
import type { ActionName } from '../schema-differences.ts';
import type { Finding, Path } from '../problem.ts';
import { error, errorAtKey } from '../problem.ts';
import { valueAt } from '../view.ts';

/** Headers that are compared part by part: `set-cookie/sid/max-age`, `location/host`, `content-type/charset`. */
const WITH_PARTS = new Set(['set-cookie', 'location', 'content-type']);

/** A rule and where it stands in the configuration. */
interface Placed {
  readonly raw: unknown;
  readonly rule: Path;
  readonly action: ActionName | undefined;
  readonly rest: readonly string[];
}

/**
 * Whether a rule has something to do at its place: one that has not, and one that would leave nothing to compare, is an
 * error.
 * @param rule place of the rule
 * @param path its path, known to be one
 */
export function checkPlace(raw: unknown, rule: Path, path: string): Finding[] {
  const [place, ...rest] = path.split('/');
  const action = ACTIONS.find((name) => valueAt(raw, [...rule, name]) !== undefined);
  const placed = { raw, rule, action, rest };
  if (place === 'status') return checkStatus(placed);
  if (place === 'headers') return checkHeader(placed);
  return place === 'body' ? checkBody(placed) : [];
}

function checkStatus({ rule, action, rest }: Placed): Finding[] {
  const [legacy = '', candidate = ''] = rest[0]?.split('-') ?? [];
  const path = [...rule, 'path'];
  if (legacy === candidate && !legacy.includes('*')) {
    return [never(path, 'equal statuses do not differ', 'write legacy and candidate: status/200-204')];
  }
  if (legacy.startsWith('5') && candidate.startsWith('5')) {
    return [never(path, 'where both lanes fail, neither is held against the other', 'remove the rule')];
  }
  if (action === undefined || action === 'ignore') return [];
  return [neverDone([...rule, action], 'a status can only be ignored', 'write ignore: true')];
}

function checkHeader({ rule, action, rest }: Placed): Finding[] {
  const name = rest[0]?.toLowerCase() ?? '';
  if (isNeverCompared(name)) {
    return [never([...rule, 'path'], `${name} is not compared in any case`, 'remove the rule')];
  }
  const isPlain = !name.includes('*') && !WITH_PARTS.has(name);
  if (isPlain && rest.length > 1 && !rest.includes('**')) {
    return [never([...rule, 'path'], `${name} has no parts`, `write headers/${name}`)];
  }
  if (action === undefined || action === 'ignore') return [];
  const at = [...rule, action];
  if (action === 'keyedBy') {
    return [neverDone(at, 'a header is no list of objects', 'write sort: true or unordered: true')];
  }
  // Moments of Expires may be apart, and a rule may forgive that.
  if (!isStateOnly(name) || name === 'expires') return [];
  const hint = 'remove the rule; where it may be missing, write ignore: [header_missing, header_added]';
  return [neverDone(at, `of ${name} only its being there is compared, and not its value`, hint)];
}

/** `body` for some endpoints is a decision; all bodies there are is a slip. */
function checkBody({ raw, rule, rest }: Placed): Finding[] {
  if (valueAt(raw, [...rule, 'ignore']) !== true || !rest.every((part) => /^\*+$/.test(part))) return [];
  if (rest.length === 0 && valueAt(raw, [...rule, 'endpoints']) !== undefined) return [];
  const hint =
    'name what may differ: body/updatedAt; for whole bodies of an endpoint, path: body with endpoints';
  return [error([...rule, 'path'], 'this path is every body, so that none would be compared', hint)];
}

function never(at: Path, why: string, hint: string): Finding {
  return error(at, `this rule can never match: ${why}`, hint);
}

function neverDone(at: Path, why: string, hint: string): Finding {
  return errorAtKey(at, `this rule can never match: ${why}`, hint);
}
