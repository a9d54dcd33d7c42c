import { fieldRefusal } from '../../core/filter-fields.ts';
import type { Finding, Path } from '../problem.ts';
import { error, errorAtKey } from '../problem.ts';
import { entriesAt, textAt, textsAt, valueAt } from '../view.ts';

/** Filters that need no code and that could do nothing, or something no filter may do. */
export function checkBuiltIn(raw: unknown, entry: Path): Finding[] {
  return [...checkRate(raw, entry), ...checkAddresses(raw, entry), ...checkHeaders(raw, entry)];
}

function checkRate(raw: unknown, entry: Path): Finding[] {
  const path = [...entry, 'rateLimit', 'rate'];
  if (!/^0+(\.0+)?\/s$/.test(textAt(raw, path) ?? '')) return [];
  return [error(path, 'at this rate nobody is ever let in', 'write a rate above 0: 10/s')];
}

function checkAddresses(raw: unknown, entry: Path): Finding[] {
  const path = [...entry, 'addresses'];
  const given = valueAt(raw, path);
  if (typeof given !== 'object' || given === null) return [];
  const named = ['allow', 'deny'].flatMap((key) => textsAt(raw, [...path, key]));
  if (named.length > 0) return [];
  return [errorAtKey(path, 'it names no address: everybody may ask', 'write allow or deny: [10.0.0.0/8]')];
}

function checkHeaders(raw: unknown, entry: Path): Finding[] {
  const path = [...entry, 'headers'];
  const sides = (['request', 'response'] as const).map((side) => [...path, side]);
  const named = sides.flatMap((side) => [
    ...textsAt(raw, [...side, 'remove']).map(({ text, path: at }) => ({
      name: text,
      value: '',
      at,
      say: error,
    })),
    ...entriesAt(raw, [...side, 'set']).map(([name, value]) => {
      return { name, value, at: [...side, 'set', name], say: errorAtKey };
    }),
  ]);
  const given = valueAt(raw, path);
  if (typeof given === 'object' && given !== null && named.length === 0)
    return [errorAtKey(path, 'it changes nothing', 'write request: { set: { x-name: value } }')];
  const refused = named.flatMap(({ name, value, at, say }) => {
    const refusal = typeof value === 'string' ? fieldRefusal(name.toLowerCase(), value) : null;
    return refusal === null ? [] : [say(at, refusal, 'leave it to the gateway')];
  });
  return [...refused, ...checkEdge(raw, entry, [...path, 'response'])];
}

/** Answers of legacy are legacy's own. */
function checkEdge(raw: unknown, entry: Path, response: Path): Finding[] {
  if (textAt(raw, [...entry, 'enforceAt']) !== 'edge' || valueAt(raw, response) === undefined) return [];
  return [
    errorAtKey(
      response,
      'a filter before both lanes sees no answer',
      'leave response out, or enforceAt: candidate',
    ),
  ];
}
