import type { DifferenceKind } from '../core/observation.ts';
import { isAnyPart, matchesPart, type PathPart } from '../core/rule-path.ts';
import type { RuleAction } from '../core/rules.ts';

/** A rule that is in force at an endpoint, taken apart once. */
export interface ActiveRule {
  readonly id: string;
  readonly action: RuleAction;
  /** For `ignore` they end with `**`: what it hides, it hides with everything below. */
  readonly parts: readonly PathPart[];
  /** Replaces what the pattern of a `regex` matches, in time linear in the text. */
  readonly replace: ((text: string) => string) | null;
}

/** What may be done about one list. */
type ListRule = ActiveRule & { readonly action: { readonly do: 'sort' | 'unordered' | 'keyedBy' } };

/** How far one rule has come on the way: parts before `at` are behind it. */
interface Progress {
  readonly rule: ActiveRule;
  readonly at: number;
}

/** Keys remembered by one state; a table of ids has more, and they are then worked out each time. */
const CHILDREN = 200;

/**
 * A place in an answer as the rules see it: which of them hold here, and which may hold further down. States are made
 * when the walk comes to them, and kept.
 */
export class PathState {
  /** Rules for a value that stands here, in their order. */
  readonly values: readonly ActiveRule[];
  /** The last of the rules about a list that stands here. */
  readonly list: ListRule | null;
  private readonly ignores: readonly ActiveRule[];
  private readonly progress: readonly Progress[];
  private readonly children = new Map<string, PathState | null>();
  private anyElement: PathState | null | undefined;

  constructor(progress: readonly Progress[]) {
    this.progress = progress;
    const here = progress.filter(({ rule, at }) => at === rule.parts.length).map(({ rule }) => rule);
    this.ignores = here.filter(({ action }) => action.do === 'ignore');
    this.list = here.findLast(isListRule) ?? null;
    this.values = here.filter((rule) => rule.action.do !== 'ignore' && !isListRule(rule));
  }

  /** The state of a member; null where no rule can hold any more. */
  child(key: string): PathState | null {
    let child = this.children.get(key);
    if (child !== undefined) return child;
    child = this.step((part) => matchesPart(part, key));
    if (this.children.size < CHILDREN) this.children.set(key, child);
    return child;
  }

  /** The state of the elements of a list. */
  element(): PathState | null {
    if (this.anyElement === undefined) this.anyElement = this.step(isAnyPart);
    return this.anyElement;
  }

  /** The rule that hides a difference of this kind here. */
  ignoring(kind: DifferenceKind): ActiveRule | null {
    const found = this.ignores.find(
      ({ action }) => action.do === 'ignore' && (action.kinds.length === 0 || action.kinds.includes(kind)),
    );
    return found ?? null;
  }

  /** Whether everything here is hidden, whatever becomes of it. */
  get hidesAll(): boolean {
    return this.ignores.some(({ action }) => action.do === 'ignore' && action.kinds.length === 0);
  }

  private step(passes: (part: Exclude<PathPart, '**'>) => boolean): PathState | null {
    const next = this.progress.flatMap(({ rule, at }): Progress[] => {
      const part = rule.parts[at];
      if (part === undefined) return [];
      if (part === '**') return [{ rule, at }];
      return passes(part) ? [{ rule, at: at + 1 }] : [];
    });
    return next.length === 0 ? null : new PathState(closure(next));
  }
}

/** The state before any part of a path was seen; null without rules. */
export function startState(rules: readonly ActiveRule[]): PathState | null {
  if (rules.length === 0) return null;
  return new PathState(closure(rules.map((rule) => ({ rule, at: 0 }))));
}

/** Any number of parts may be none: what stands behind `**` is reached as well. */
function closure(progress: readonly Progress[]): Progress[] {
  const reached = new Map<string, Progress>();
  const add = (rule: ActiveRule, at: number, place: number): void => {
    const key = `${place} ${at}`;
    if (reached.has(key)) return;
    reached.set(key, { rule, at });
    if (rule.parts[at] === '**') add(rule, at + 1, place);
  };
  const places = [...new Set(progress.map(({ rule }) => rule))];
  for (const { rule, at } of progress) add(rule, at, places.indexOf(rule));
  return [...reached.values()];
}

function isListRule(rule: ActiveRule): rule is ListRule {
  return ['sort', 'unordered', 'keyedBy'].includes(rule.action.do);
}
