// HOT where a route has such a filter: one view per request, and a timer while it is waited for.
import { monotonicUs } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import type { FailureCode } from '../../../core/errors.ts';
import type { FilterDefinition, FilterOptions } from '../../../core/filter-api.ts';
import { LIMITS } from '../../../core/limits.ts';
import type { ModuleFilterConfig } from '../../../core/filter-config.ts';
import type { FilterCell, FilterOutcome } from '../../../telemetry/filter-counts.ts';
import type { ResponseHead } from '../../../wire/types.ts';
import { FilterFault } from '../fault.ts';
import type { Filter, FilterAnswer, FilterExchange } from '../types.ts';
import { HeaderView } from './header-view.ts';
import type { LoopMark } from './loop-mark.ts';
import { answerOf } from './reply.ts';
import { RequestView } from './request-view.ts';
import type { FilterShop } from './shop.ts';

/** Their numbers in the mark. */
const HOOK = { onRequest: 0, onUpstreamRequest: 1, onResponse: 2, onDone: 3 } as const;

type Failing = Exclude<FilterOutcome, 'passed' | 'answered'>;

/**
 * A filter that a user wrote. Whatever it does, its request gets an answer: what it throws, a promise that is late and
 * an answer that is none are counted and handled by its word, `open` or `closed`.
 */
export class UserFilter implements Filter {
  readonly name: string;
  private readonly definition: FilterDefinition;
  private readonly options: FilterOptions;
  private readonly shop: FilterShop;
  private readonly cell: FilterCell;
  private readonly mark: LoopMark;
  private readonly number: number;
  private readonly isClosed: boolean;
  private readonly budgetMs: number;
  private readonly isAtEdge: boolean;

  /** @throws when its module was not loaded */
  constructor(config: ModuleFilterConfig, shop: FilterShop) {
    this.name = config.name;
    this.shop = shop;
    this.cell = shop.cell(config.name);
    this.mark = shop.watch.mark;
    this.number = shop.watch.numberOf(config.name);
    const { definition, options } = shop.loaded(config);
    this.definition = definition;
    this.options = options;
    this.isClosed = (config.failure ?? this.definition.failure ?? 'closed') === 'closed';
    this.budgetMs = config.budgetMs ?? this.definition.budgetMs ?? LIMITS.filterBudgetMs;
    this.isAtEdge = config.enforceAt === 'edge';
  }

  onRequest(exchange: FilterExchange): FilterAnswer | null | Promise<FilterAnswer | null> {
    const { definition } = this;
    if (definition.onRequest === undefined) return null;
    const view = this.viewOf(exchange);
    const startedUs = this.entered(HOOK.onRequest);
    let verdict: unknown;
    try {
      verdict = definition.onRequest(view);
      if (isThenable(verdict)) return this.within(verdict, exchange, view, startedUs);
    } catch (thrown) {
      return this.failed('threw', 'onRequest', thrown);
    } finally {
      this.left(startedUs);
    }
    return this.settled(verdict, view, startedUs);
  }

  /** Waits for a promise, for as long as the budget allows. */
  private within(
    pending: PromiseLike<unknown>,
    exchange: FilterExchange,
    view: RequestView,
    startedUs: number,
  ): Promise<FilterAnswer | null> {
    const { promise, resolve, reject } = Promise.withResolvers<FilterAnswer | null>();
    let isOpen = true;
    this.mark.wait(this.number, 1);
    const conclude = (how: () => FilterAnswer | null): void => {
      if (!isOpen) return;
      isOpen = false;
      this.mark.wait(this.number, -1);
      clearTimeout(timer);
      try {
        // Nobody waits for it any more: that is no failure of the filter.
        resolve(exchange.isOver ? null : how());
      } catch (fault) {
        reject(fault);
      }
    };
    const timer = setTimeout(() => conclude(() => this.late(view)), this.budgetMs);
    Promise.resolve(pending).then(
      (verdict) => conclude(() => this.settled(verdict, view, startedUs)),
      (thrown: unknown) => conclude(() => this.failed('threw', 'onRequest', thrown)),
    );
    return promise;
  }

  private settled(verdict: unknown, view: RequestView, startedUs: number): FilterAnswer | null {
    this.cell.took.record(monotonicUs() - startedUs);
    if (this.isAtEdge) view.headers.isFixed = true;
    if (verdict === null || verdict === undefined) {
      this.cell.note('passed');
      return null;
    }
    let answer: FilterAnswer;
    try {
      answer = answerOf(verdict);
    } catch (thrown) {
      return this.failed('invalid', 'onRequest', thrown);
    }
    this.cell.note('answered');
    return answer;
  }

  private late(view: RequestView): null {
    view.end();
    this.cell.took.record(this.budgetMs * 1_000);
    return this.failed('late', 'onRequest', new Error(`no answer within ${this.budgetMs} ms`));
  }

  onUpstreamRequest(exchange: FilterExchange): void {
    const { definition } = this;
    if (definition.onUpstreamRequest === undefined) return fix(this.known(exchange));
    const view = this.viewOf(exchange);
    this.atOnce('onUpstreamRequest', () => definition.onUpstreamRequest?.(view));
    fix(view);
  }

  onResponse(exchange: FilterExchange, head: ResponseHead): void {
    const { definition } = this;
    if (definition.onResponse === undefined) return;
    const view = this.viewOf(exchange);
    const headers = new HeaderView(head.fields);
    this.atOnce('onResponse', () => definition.onResponse?.(view, { status: head.status, headers }));
    headers.isFixed = true;
  }

  /** Runs a hook that nobody waits for. @throws FilterFault when it fails and its word is `closed` */
  private atOnce(hook: 'onUpstreamRequest' | 'onResponse', run: () => unknown): void {
    const startedUs = this.entered(HOOK[hook]);
    let result: unknown;
    try {
      result = run();
      if (!isThenable(result)) return;
    } catch (thrown) {
      this.failed('threw', hook, thrown);
      return;
    } finally {
      this.left(startedUs);
    }
    Promise.resolve(result).catch(() => {});
    this.failed('invalid', hook, new Error('it returned a promise, and nobody waits for it'));
  }

  onDone(exchange: FilterExchange, failed: FailureCode | null): void {
    const { definition } = this;
    const view = this.known(exchange);
    view?.end();
    if (definition.onDone === undefined) return;
    const startedUs = this.entered(HOOK.onDone);
    try {
      const result: unknown = definition.onDone(view ?? this.viewOf(exchange), { failed });
      if (isThenable(result)) Promise.resolve(result).catch((thrown: unknown) => this.tell('onDone', thrown));
    } catch (thrown) {
      this.tell('onDone', thrown);
    } finally {
      this.left(startedUs);
    }
  }

  /** Lets its request pass (`open`). @throws FilterFault (`closed`) */
  private failed(outcome: Failing, hook: string, thrown: unknown): null {
    this.cell.note(outcome);
    this.shop.complain(this.name, `${hook}: ${messageOf(thrown)}`);
    if (this.isClosed) throw new FilterFault(this.name, outcome === 'late');
    return null;
  }

  private tell(hook: string, thrown: unknown): void {
    this.cell.note('threw');
    this.shop.complain(this.name, `${hook}: ${messageOf(thrown)}`);
  }

  private entered(hook: number): number {
    this.mark.enter(this.number, hook);
    return monotonicUs();
  }

  private left(startedUs: number): void {
    this.mark.leave();
    if (monotonicUs() - startedUs > this.budgetMs * 1_000) this.cell.overruns += 1;
  }

  private known(exchange: FilterExchange): RequestView | null {
    let view = exchange.views;
    while (view !== null && view.filter !== this) view = view.next;
    return view;
  }

  private viewOf(exchange: FilterExchange): RequestView {
    const known = this.known(exchange);
    if (known !== null) return known;
    const view = new RequestView(exchange, this, this.options);
    exchange.views = view;
    return view;
  }
}

function fix(view: RequestView | null): void {
  if (view !== null) view.headers.isFixed = true;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
