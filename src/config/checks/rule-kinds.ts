import type { DifferenceKind } from '../../core/observation.ts';
import { DIFFERENCE_KINDS } from '../../core/observation.ts';
import { matchesPart, partOf } from '../../core/rule-path.ts';
import { isFailure, statusKind } from '../../core/status-kind.ts';
import type { Finding, Path } from '../problem.ts';
import { error, warning } from '../problem.ts';
import { itemsAt, textAt } from '../view.ts';

const PLAIN_FIELD: readonly DifferenceKind[] = ['header_missing', 'header_added', 'header_value'];
/** Fields that have a comparison of their own, and so a kind of their own. */
const OWN_KINDS: Readonly<Record<string, DifferenceKind>> = {
  'content-type': 'content_type',
  location: 'redirect',
  'set-cookie': 'cookie',
  'content-encoding': 'encoding',
};
const INSIDE_BODY: readonly DifferenceKind[] = [
  'json_value',
  'json_type',
  'json_missing',
  'json_added',
  'json_length',
  'body_text',
];
/** Only ever found at `body`, the document as a whole. */
const OF_WHOLE_BODY: readonly DifferenceKind[] = ['json_invalid', 'json_limit', 'body_mislabelled'];

/**
 * Holds the kinds that a rule ignores against those that can be found at its path. Where none can, the rule does
 * nothing, which is an error; one that is too many among others is a warning.
 * @param rule place of the rule
 * @param path its path, known to be one
 */
export function checkKinds(raw: unknown, rule: Path, path: string): Finding[] {
  const [place = '', ...rest] = path.split('/');
  const possible = kindsAt(place, rest);
  const named = itemsAt(raw, [...rule, 'ignore']);
  const foreign = named.filter((at) => {
    const kind = DIFFERENCE_KINDS.find((known) => known === textAt(raw, at));
    return kind !== undefined && !possible.includes(kind);
  });
  const never = foreign.length === named.length;
  return foreign.map((at) => {
    const kind = textAt(raw, at) ?? '';
    const hint = kindHint(kind, possible);
    return never
      ? error(at, `this rule can never match: ${kind} is never found at ${path}`, hint)
      : warning(at, `${kind} is never found at ${path}`, hint);
  });
}

function kindHint(kind: string, possible: readonly DifferenceKind[]): string {
  if (OF_WHOLE_BODY.some((each) => each === kind) && possible.includes('json_value')) {
    return `${kind} is about a document as a whole: path: body`;
  }
  const [, said = ''] = kind.split('_');
  const near = possible.find((each) => each.endsWith(`_${said}`));
  if (near !== undefined) return `did you mean "${near}"?`;
  return possible.length === 1 ? `write ${possible[0]}` : `found there: ${possible.join(', ')}`;
}

function kindsAt(place: string, rest: readonly string[]): readonly DifferenceKind[] {
  if (place === 'status') return statusKinds(rest[0] ?? '');
  if (place === 'headers') return headerKinds((rest[0] ?? '').toLowerCase());
  return place === 'body' ? bodyKinds(rest) : DIFFERENCE_KINDS;
}

/** One status of each sort that kinds tell apart; 0 is `none`. */
const SORTS = [0, 200, 401, 403, 404, 500];

/** Which kinds there can be follows from the statuses, as far as they are written. */
function statusKinds(pair: string): readonly DifferenceKind[] {
  const [legacy = [], candidate = []] = pair.split('-').map(statusesLike);
  const kinds = legacy.flatMap((one) =>
    candidate.filter((other) => !(isFailure(one) && isFailure(other))).map((other) => statusKind(one, other)),
  );
  // Two failures are found at `status` alone, but whoever writes this means what failed.
  return kinds.length === 0 ? ['regressed'] : DIFFERENCE_KINDS.filter((kind) => kinds.includes(kind));
}

function statusesLike(half: string): readonly number[] {
  const [start = '', ...wild] = half.split('*');
  if (wild.length === 0) return [half === 'none' ? 0 : Number(half)];
  return SORTS.filter((status) => (status === 0 ? 'none' : String(status)).startsWith(start));
}

function headerKinds(name: string): readonly DifferenceKind[] {
  if (name.includes('*')) return [...PLAIN_FIELD, ...Object.values(OWN_KINDS)];
  const own = OWN_KINDS[name];
  return own === undefined ? PLAIN_FIELD : [own];
}

/** `ignore` holds for all that lies below, so that the root has every kind. */
function bodyKinds(rest: readonly string[]): readonly DifferenceKind[] {
  const isRoot = rest.every((part) => part === '**');
  if (isRoot) return [...INSIDE_BODY, ...OF_WHOLE_BODY, 'body_bytes'];
  // `body/encoded` is two bodies that could be held against each other as they were received only.
  const [first = '', ...more] = rest.filter((part) => part !== '**');
  const test = partOf(first);
  const isEncoded = more.length === 0 && test !== '**' && matchesPart(test, 'encoded');
  return isEncoded ? [...INSIDE_BODY, 'body_bytes'] : INSIDE_BODY;
}
