import { momentOf, typeOf } from './records.ts';
import type { Searched } from './records.ts';

/** A part of a search that is not understood: OpenSearch answers 400. */
export class SearchFault extends Error {}

type Map = Readonly<Record<string, unknown>>;

/** What a search is evaluated with: the clock of the indexer. */
interface Moment {
  readonly nowMs: number;
}

/** The records that a query finds. @throws SearchFault */
export function found(records: readonly Searched[], query: unknown, moment: Moment): Searched[] {
  return query === undefined ? [...records] : records.filter((record) => fits(record, query, moment));
}

function fits(record: Searched, clause: unknown, moment: Moment): boolean {
  const [kind, body] = only(clause, 'query');
  switch (kind) {
    case 'match_all':
      return true;
    case 'bool':
      return fitsBool(record, mapOf(body, 'bool'), moment);
    case 'term': {
      const [field, value] = only(body, 'term');
      return has(record, field, [isMap(value) ? value['value'] : value]);
    }
    case 'terms': {
      const [field, values] = only(body, 'terms');
      return has(record, field, listOf(values));
    }
    case 'exists':
      return record[String(mapOf(body, 'exists')['field'])] !== undefined;
    case 'range': {
      const [field, bounds] = only(body, 'range');
      return inRange(record, field, mapOf(bounds, 'range'), moment);
    }
    default:
      throw new SearchFault(`unknown query [${kind}]`);
  }
}

function fitsBool(record: Searched, body: Map, moment: Moment): boolean {
  const { filter, must, must_not: mustNot, should, ...unknown } = body;
  if (Object.keys(unknown).length > 0)
    throw new SearchFault(`[bool] does not support [${Object.keys(unknown)[0]}]`);
  const each = (clauses: unknown) => (clauses === undefined ? [] : listOf(clauses));
  return (
    [...each(filter), ...each(must)].every((clause) => fits(record, clause, moment)) &&
    !each(mustNot).some((clause) => fits(record, clause, moment)) &&
    (should === undefined || each(should).some((clause) => fits(record, clause, moment)))
  );
}

function has(record: Searched, field: string, wanted: readonly unknown[]): boolean {
  const asked = wanted.map((value) => bound(field, value, { nowMs: 0 }));
  return (record[field] ?? []).some((value) => asked.includes(value));
}

/** Numbers by size; what is mapped as a keyword by its text, so that "9" is above "10". */
function inRange(record: Searched, field: string, bounds: Map, moment: Moment): boolean {
  return (record[field] ?? []).some((value) =>
    Object.entries(bounds).every(([name, limit]) => {
      const against = bound(field, limit, moment);
      switch (name) {
        case 'gte':
          return value >= against;
        case 'gt':
          return value > against;
        case 'lte':
          return value <= against;
        case 'lt':
          return value < against;
        default:
          throw new SearchFault(`[range] query does not support [${name}]`);
      }
    }),
  );
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A value of a query as its field is mapped; moments may be date math: `now-5m`. */
function bound(field: string, value: unknown, { nowMs }: Moment): string | number {
  switch (typeOf(field)) {
    case 'long':
      return Number(value);
    case 'keyword':
      return String(value);
    case 'date': {
      const math = /^now(?:([+-]\d+)([smhd]))?$/.exec(String(value));
      if (math !== null) return nowMs + Number(math[1] ?? 0) * (UNIT_MS[math[2] ?? 's'] ?? 0);
      const ms = momentOf(String(value));
      if (Number.isNaN(ms)) throw new SearchFault(`failed to parse date field [${String(value)}]`);
      return ms;
    }
  }
}

/** Aggregations over records: `filter`, `terms`, `min`, `max`, nested. @throws SearchFault */
export function aggregated(records: readonly Searched[], aggs: unknown, moment: Moment): Map {
  const named = Object.entries(mapOf(aggs, 'aggs'));
  return Object.fromEntries(
    named.map(([name, agg]) => [name, aggregation(records, mapOf(agg, name), moment)]),
  );
}

function aggregation(records: readonly Searched[], agg: Map, moment: Moment): Map {
  const { aggs, ...kind } = agg;
  const below = (inside: readonly Searched[]) => (aggs === undefined ? {} : aggregated(inside, aggs, moment));
  const [name, body] = only(kind, 'aggregation');
  switch (name) {
    case 'filter': {
      const inside = found(records, body, moment);
      return { doc_count: inside.length, ...below(inside) };
    }
    case 'terms':
      return termsOf(records, mapOf(body, 'terms'), below);
    case 'min':
    case 'max': {
      const field = String(mapOf(body, name)['field']);
      const values = records.flatMap((record) => record[field] ?? []).map(Number);
      const pick = name === 'min' ? Math.min : Math.max;
      return { value: values.length === 0 ? null : pick(...values) };
    }
    default:
      throw new SearchFault(`Unknown aggregation type [${name}]`);
  }
}

function termsOf(records: readonly Searched[], body: Map, below: (inside: readonly Searched[]) => Map): Map {
  const { field, size = 10, order } = body;
  const groups = new globalThis.Map<string | number, Searched[]>();
  for (const record of records) {
    for (const value of new Set(record[String(field)] ?? [])) {
      groups.set(value, [...(groups.get(value) ?? []), record]);
    }
  }
  const byKey = isMap(order) && order['_key'] === 'desc';
  const sorted = [...groups].toSorted(([one, some], [other, more]) =>
    byKey ? (one < other ? 1 : -1) : more.length - some.length || (one < other ? -1 : 1),
  );
  const shown = sorted.slice(0, Number(size));
  const rest = sorted.slice(Number(size)).reduce((sum, [, inside]) => sum + inside.length, 0);
  const isDate = typeOf(String(field)) === 'date';
  return {
    doc_count_error_upper_bound: 0,
    sum_other_doc_count: rest,
    buckets: shown.map(([key, inside]) => ({
      key,
      ...(isDate ? { key_as_string: new Date(Number(key)).toISOString() } : {}),
      doc_count: inside.length,
      ...below(inside),
    })),
  };
}

function isMap(value: unknown): value is Map {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mapOf(value: unknown, where: string): Map {
  if (isMap(value)) return value;
  throw new SearchFault(`[${where}] malformed query, expected an object`);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function only(value: unknown, where: string): [string, unknown] {
  const entries = Object.entries(mapOf(value, where));
  const [first] = entries;
  if (first !== undefined && entries.length === 1) return first;
  throw new SearchFault(`[${where}] malformed query, expected one field`);
}
