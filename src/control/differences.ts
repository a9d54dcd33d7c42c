import { LIMITS } from '../core/limits.ts';
import type { DifferenceRule } from '../core/rules.ts';
import type { GatewayConfig } from '../core/snapshot.ts';
import type { StoredClass } from '../rollout/ports.ts';
import type { ClassEvidence, StoredEvidence } from '../telemetry/class-evidence.ts';
import { boundsOf, CLASSES_ALPHA, judgeClass, shareBounds } from '../telemetry/class-verdict.ts';
import type { ClassVerdict } from '../telemetry/class-verdict.ts';
import { isManyPlaces } from '../telemetry/class-share.ts';
import { summariseLatency } from '../telemetry/histogram.ts';
import { sumRecords } from '../telemetry/merge.ts';
import { summarise } from '../telemetry/summary.ts';
import type { Window } from '../telemetry/types.ts';
import { isNameable, isRuleFor, proposedRule } from './proposed-rule.ts';
import { reproduce } from './reproduce.ts';
import type { DifferenceDetail, Differences, Example, Judgement } from './schema/differences.ts';

/** What classes are judged by. */
export interface Judging {
  readonly evidence: StoredEvidence;
  /** `rollout.gates.differences.margin`, a fraction. */
  readonly margin: number;
  /** The rules in force, and what they hid in this epoch: pairs by rule, and pairs in which nothing else differed. */
  readonly rules: readonly DifferenceRule[];
  readonly hits: Readonly<Record<string, number>>;
  readonly ignored: number;
}

type Class = Differences['classes'][number];

/**
 * What `cutover differences` says: the largest classes with their verdicts, and the rules that were learned.
 * @param counts pairs compared and classes known, over the life of the store
 */
export function differencesOf(
  classes: readonly StoredClass[],
  counts: Pick<Differences, 'compared' | 'total' | 'lost'>,
  judging: Judging,
): Differences {
  const book = bookOf(judging);
  const listed = classes.map((each) => classOf(each, book));
  const proposals = classes.flatMap((each) => {
    const { id, endpoint, path, kind } = each as Class;
    if (book.verdict(id)?.verdict !== 'noise' || !isNameable(each)) return [];
    return [{ class: id, endpoint, path, kind, rule: proposedRule(each) }];
  });
  const rules = judging.rules.map((rule) => ruleOf(rule, judging.hits[rule.id] ?? 0));
  const said = {
    classes: listed,
    verdicts: verdictsOf(judging, book),
    proposals,
    rules,
    ignored: judging.ignored,
  };
  return { schemaVersion: 1, ...counts, ...said };
}

function ruleOf(
  { id, path, endpoints, action, reason, owner, expiresMs }: DifferenceRule,
  pairs: number,
): NonNullable<Differences['rules']>[number] {
  return { id, path, endpoints: [...endpoints], does: action.do, reason, owner, expiresMs, pairs };
}

/** What rules hid in pairs of one epoch. */
export function hitsOf(window: Window | null): Pick<Judging, 'hits' | 'ignored'> {
  const { shadow, reverse } = summarise(window).pairs;
  return {
    hits: sumRecords([shadow.ignored, reverse.ignored]),
    ignored: shadow.ignoredPairs + reverse.ignoredPairs,
  };
}

/** What `cutover differences show ID` says. */
export function differenceOf(found: StoredClass, config: GatewayConfig, judging: Judging): DifferenceDetail {
  const book = bookOf(judging);
  const isNoise = book.verdict(found.id)?.verdict === 'noise';
  return {
    schemaVersion: 1,
    class: classOf(found, book),
    smallest: found.smallest as Example | null,
    latest: found.latest as Example | null,
    proposal: isNoise && isNameable(found) ? proposedRule(found) : null,
    reproduce: reproduce(found, config),
  };
}

/** The evidence by the ids of classes. */
interface Book {
  readonly epoch: number;
  readonly known: (id: string) => ClassEvidence | undefined;
  readonly endpoint: (name: string) => { readonly pairs: number; readonly triples: number };
  /** Null for a class that this epoch has not seen. */
  readonly verdict: (id: string) => ClassVerdict | null;
  /** Why a class has no verdict. */
  readonly absent: (found: StoredClass) => NonNullable<Class['absent']>;
}

function bookOf({ evidence, margin, rules }: Judging): Book {
  const classes = new Map(evidence.classes.map((each) => [each.id, each]));
  const endpoints = new Map(evidence.endpoints.map((each) => [each.endpoint, each]));
  const verdicts = new Map<string, ClassVerdict | null>();
  const known: Book['known'] = (id) => classes.get(id);
  const endpoint: Book['endpoint'] = (name) => endpoints.get(name) ?? { pairs: 0, triples: 0 };
  const verdict: Book['verdict'] = (id) => {
    const found = classes.get(id);
    if (found === undefined) return null;
    const judged = verdicts.get(id) ?? judgeClass(found, endpoint(found.endpoint).triples, margin);
    verdicts.set(id, judged);
    return judged;
  };
  const absent: Book['absent'] = (found) => {
    if (isManyPlaces(found)) return 'many_places';
    if (rules.some((rule) => isRuleFor(rule, found))) return 'hidden';
    return evidence.classes.length >= LIMITS.evidenceClasses ? 'unjudged' : 'not_seen';
  };
  return { epoch: evidence.epoch, known, endpoint, verdict, absent };
}

function classOf(found: StoredClass, book: Book): Class {
  const { smallest: _, latest: __, ...rest } = found;
  const evidence = book.known(found.id);
  const verdict = book.verdict(found.id);
  if (evidence === undefined || verdict === null) return { ...(rest as Class), absent: book.absent(found) };
  return { ...(rest as Class), judgement: judgementOf(evidence, book, verdict) };
}

function judgementOf(found: ClassEvidence, book: Book, verdict: ClassVerdict): Judgement {
  const { pairs, plus, minus, both } = found;
  const { pairs: ofPairs, triples } = book.endpoint(found.endpoint);
  const n = Math.max(ofPairs, pairs);
  return {
    ...verdict,
    ...boundsOf(found, triples),
    epoch: book.epoch,
    pairs,
    ofPairs: n,
    // A figure to read, not one of many tests: it gets the whole chance of error.
    share: shareBounds(n, pairs, CLASSES_ALPHA),
    plus,
    minus,
    both,
    latency: { legacy: latencyOf(found.legacyLatency), candidate: latencyOf(found.candidateLatency) },
  };
}

function latencyOf(encoded: string): Judgement['latency']['legacy'] {
  const { samples, p50Us, p99Us } = summariseLatency([encoded]);
  const ms = (us: number | null): number | null => (us === null ? null : us / 1_000);
  return { samples, p50Ms: ms(p50Us), p99Ms: ms(p99Us) };
}

function verdictsOf({ evidence }: Judging, book: Book): NonNullable<Differences['verdicts']> {
  const verdicts = { unexplained: 0, noise: 0, undecided: 0 };
  for (const { id } of evidence.classes) verdicts[book.verdict(id)?.verdict ?? 'undecided'] += 1;
  return verdicts;
}
