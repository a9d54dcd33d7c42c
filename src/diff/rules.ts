import { LIMITS } from '../core/limits.ts';
import type { DifferenceKind } from '../core/observation.ts';
import { matchesEndpoint, parseRulePath } from '../core/rule-path.ts';
import type { DifferenceRule } from '../core/rules.ts';
import { type ActiveRule, type PathState, startState } from './rule-state.ts';

/** The rules of one configuration, made ready for comparing. */
export interface RuleBook {
  /** What holds at an endpoint; null where no rule does. */
  forEndpoint(endpoint: string): EndpointRules | null;
}

/** The rules of one endpoint. */
export class EndpointRules {
  private readonly root: PathState;

  constructor(root: PathState) {
    this.root = root;
  }

  /** The state at the root of bodies. */
  get body(): PathState | null {
    return this.root.child('body');
  }

  /** The state of a place by its keys: `['headers', 'x-build']`. */
  at(keys: readonly string[]): PathState | null {
    let state: PathState | null = this.root;
    for (const key of keys) state = state === null ? null : state.child(key);
    return state;
  }

  /** The state where a difference stands that is not inside of a document. @param path see `Difference.path` */
  stateOf(kind: DifferenceKind, path: string): PathState | null {
    return this.at(placeOf(kind, path));
  }
}

/** Where a difference stands, in the words of rules. */
function placeOf(kind: DifferenceKind, path: string): string[] {
  const inBody = kind.startsWith('body_') || kind.startsWith('json_');
  const isStatus = path === 'status' || path.startsWith('status/');
  const parts = path.split('/');
  return inBody || isStatus ? parts : ['headers', ...parts];
}

/**
 * Makes rules ready. Those that are over, and those whose paths nothing can match, are left out: both were told when
 * the configuration was read.
 * @param nowMs milliseconds since the Unix epoch
 * @throws Error when a pattern is none; it was checked when the configuration was read
 */
export async function compileRules(rules: readonly DifferenceRule[], nowMs: number): Promise<RuleBook> {
  const lasting = rules.filter(({ expiresMs }) => expiresMs === null || expiresMs > nowMs);
  const active: (readonly [DifferenceRule, ActiveRule])[] = [];
  for (const rule of lasting) {
    const ready = await activated(rule);
    if (ready !== null) active.push([rule, ready]);
  }
  return new Book(active);
}

async function activated({ id, path, action }: DifferenceRule): Promise<ActiveRule | null> {
  const parsed = parseRulePath(path);
  if (!parsed.ok) return null;
  const parts = action.do === 'ignore' ? [...parsed.parts, '**' as const] : parsed.parts;
  let replace: ActiveRule['replace'] = null;
  if (action.do === 'regex') {
    // Loaded when it is needed: it holds 3 MB.
    const { replacer } = await import('./linear-regexp.ts');
    replace = replacer(action.pattern, action.replace);
  }
  return { id, action, parts, replace };
}

class Book implements RuleBook {
  private readonly rules: readonly (readonly [DifferenceRule, ActiveRule])[];
  private readonly known = new Map<string, EndpointRules | null>();

  constructor(rules: readonly (readonly [DifferenceRule, ActiveRule])[]) {
    this.rules = rules;
  }

  forEndpoint(endpoint: string): EndpointRules | null {
    if (this.rules.length === 0) return null;
    let found = this.known.get(endpoint);
    if (found === undefined) {
      found = this.select(endpoint);
      if (this.known.size < LIMITS.endpoints) this.known.set(endpoint, found);
    }
    return found;
  }

  private select(endpoint: string): EndpointRules | null {
    const chosen = this.rules
      .filter(
        ([{ endpoints }]) =>
          endpoints.length === 0 || endpoints.some((glob) => matchesEndpoint(glob, endpoint)),
      )
      .map(([, active]) => active);
    const root = startState(chosen);
    return root === null ? null : new EndpointRules(root);
  }
}
