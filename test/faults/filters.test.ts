import { expect, onTestFinished, test } from 'vitest';
import type { Filter } from '../../src/gateway/filters/types.ts';
import { Router } from '../../src/gateway/router.ts';
import { Connection } from '../kit/http-client.ts';
import { inProcessGateway } from '../kit/in-process.ts';
import { lanes } from '../kit/lanes.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';

// A client that goes away while a filter works must not wake another filter for a request that is no more
// (the class of CVE-2026-26311 of Envoy): whoever let go of something would take it up again, for nobody.

const HOOKS = ['onRequest', 'onUpstreamRequest', 'onResponse', 'onDone'] as const;

/** A filter that writes down what it hears, and lets a request pass when it is told to. */
class Witness implements Filter {
  readonly name: string;
  private readonly story: string[];
  private readonly waits: boolean;
  pass: () => void = () => {};

  constructor(name: string, story: string[], waits: boolean) {
    this.name = name;
    this.story = story;
    this.waits = waits;
  }

  onRequest(): null | Promise<null> {
    this.story.push(`${this.name} onRequest`);
    if (!this.waits) return null;
    return new Promise((resolve) => {
      this.pass = () => resolve(null);
    });
  }
  onUpstreamRequest(): void {
    this.story.push(`${this.name} onUpstreamRequest`);
  }
  onResponse(): void {
    this.story.push(`${this.name} onResponse`);
  }
  onDone(_exchange: object, failed: string | null): void {
    this.story.push(`${this.name} onDone ${failed}`);
  }
}

/** Puts filters on every route of gateways that this test starts. */
function install(edgeFilters: readonly Filter[], filters: readonly Filter[]): void {
  // The method is put back as it is, and called with its router.
  const match: Router['match'] = Reflect.get(Router.prototype, 'match');
  Router.prototype.match = function matchWithFilters(this: Router, ...request): ReturnType<typeof match> {
    const found = match.apply(this, request);
    return found === null ? null : { ...found, edgeFilters, filters };
  };
  onTestFinished(() => void (Router.prototype.match = match));
}

type Stage = 'edge filter' | 'lane filter' | 'waiting' | 'answer';

test.for(['edge filter', 'lane filter', 'waiting', 'answer'] as const)(
  'no hook follows the last one when the client goes away at the stage: %s',
  async (stage: Stage) => {
    const story: string[] = [];
    const edge = [
      new Witness('edge 1', story, stage === 'edge filter'),
      new Witness('edge 2', story, false),
    ] as const;
    const lane = [
      new Witness('lane 1', story, stage === 'lane filter'),
      new Witness('lane 2', story, false),
    ] as const;
    install(edge, lane);
    const drips = upstream()
      .respond(() => ({ body: 'x'.repeat(1_000) }))
      .drips(100);
    const both = await lanes(undefined, stage === 'answer' ? drips : upstream().hangs());
    const running = await inProcessGateway(both, { phase: 'enforce', reverseSample: 0 });
    const client = await Connection.open(running.url);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const reached: Readonly<Record<Stage, () => boolean>> = {
      'edge filter': () => story.includes('edge 1 onRequest'),
      'lane filter': () => story.includes('lane 1 onRequest'),
      waiting: () => both.candidate.count() === 1,
      answer: () => client.received.includes('xx'),
    };
    await until(reached[stage], 'the stage');
    client.close({ reset: true });
    await until(() => story.some((line) => line.startsWith('edge 1 onDone')), 'the end');
    const ended = story.length;
    edge[0].pass();
    lane[0].pass();
    await running.settled();
    // Two turns, in which what waited for the filter would have gone on.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(story.slice(ended)).toEqual([]);
    const done = story.filter((line) => line.includes('onDone'));
    const asked = stage === 'edge filter' ? edge : [...edge, ...lane];
    expect(done.map((line) => line.slice(0, 6)).sort()).toEqual(asked.map(({ name }) => name).sort());
    expect(done.every((line) => /onDone (client_)?aborted$/.test(line))).toBe(true);
    expect(both.candidate.count()).toBe(stage === 'waiting' || stage === 'answer' ? 1 : 0);
    expect(both.legacy.count()).toBe(0);
  },
);

test('every hook is called once and in its order for a client that stays', async () => {
  const story: string[] = [];
  install([new Witness('edge', story, false)], [new Witness('lane', story, false)]);
  const both = await lanes();
  const running = await inProcessGateway(both, { phase: 'enforce', reverseSample: 0 });
  const client = await Connection.open(running.url);
  await client.request();
  await running.settled();
  expect(story).toEqual([
    'edge onRequest',
    ...HOOKS.slice(0, 3).map((hook) => `lane ${hook}`),
    'lane onDone null',
    'edge onDone null',
  ]);
  client.close();
});
