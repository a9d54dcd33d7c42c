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
  // Looked up once: there are ten thousand routes.
  const match = valueAt(raw, [...route, 'match']);
  const kind = KINDS.find((each) => valueAt(match, ['path', each]) !== undefined) ?? 'prefix';
  const at = kind === 'prefix' ? ['path'] : ['path', kind];
  return {
    kind,
    path: textAt(match, at) ?? '/',
    place: [...route, 'match', ...at],
    host: (textAt(match, ['host']) ?? '').toLowerCase(),
    methods: textsAt(match, ['methods'])
      .map(({ text }) => text)
      .toSorted(),
    conditions: [...conditions(match, 'headers', true), ...conditions(match, 'query', false)],
  };
}

function conditions(match: unknown, part: string, anyCase: boolean): string[] {
  return entriesAt(match, [part])
    .map(([name, value]) => JSON.stringify([part, anyCase ? name.toLowerCase() : name, value]))
    .toSorted();
}

/** Where a route names its upstreams: one, or several with weights. */
export function upstreamsAt(raw: unknown, route: Path): Path[] {
  return [[...route, 'upstream'], ...itemsAt(raw, [...route, 'upstreams']).map((item) => [...item, 'name'])];
}
