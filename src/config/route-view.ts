import type { PathKind } from '../core/snapshot.ts';
import type { Path } from './problem.ts';
import { entriesAt, itemsAt, textAt, textsAt, valueAt } from './view.ts';

/** The match of a route before a schema has accepted it. */
export interface MatchView {
  readonly kind: PathKind;
  readonly path: string;
  /** Where the path stands. */
  readonly place: Path;
  /** In lower case, '' for any. */
  readonly host: string;
  readonly methods: readonly string[];
  /** Every other condition as one text each, in one order. */
  readonly conditions: readonly string[];
}

const KINDS = ['exact', 'template', 'regex'] as const;

/** What a route asks of a request. */
export function matchAt(raw: unknown, route: Path): MatchView {
  const match = [...route, 'match'];
  const place = [...match, 'path'];
  const kind = KINDS.find((each) => valueAt(raw, [...place, each]) !== undefined) ?? 'prefix';
  const at = kind === 'prefix' ? place : [...place, kind];
  return {
    kind,
    path: textAt(raw, at) ?? '/',
    place: at,
    host: (textAt(raw, [...match, 'host']) ?? '').toLowerCase(),
    methods: textsAt(raw, [...match, 'methods'])
      .map(({ text }) => text)
      .toSorted(),
    conditions: [
      ...conditions(raw, [...match, 'headers'], true),
      ...conditions(raw, [...match, 'query'], false),
    ],
  };
}

function conditions(raw: unknown, place: Path, anyCase: boolean): string[] {
  return entriesAt(raw, place)
    .map(([name, value]) => JSON.stringify([place.at(-1), anyCase ? name.toLowerCase() : name, value]))
    .toSorted();
}

/** Where a route names its upstreams: one, or several with weights. */
export function upstreamsAt(raw: unknown, route: Path): Path[] {
  return [[...route, 'upstream'], ...itemsAt(raw, [...route, 'upstreams']).map((item) => [...item, 'name'])];
}
