import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { RouteMatch } from '../../../src/core/snapshot.ts';
import { movedTarget, redirectAnswer, upstreamFor } from '../../../src/gateway/routing/moves.ts';
import { parseTarget } from '../../../src/wire/target.ts';
import { headerOf } from '../../kit/answer-reader.ts';
import { fetchOnce } from '../../kit/http-client.ts';
import { inProcessGateway } from '../../kit/in-process.ts';
import { lanes } from '../../kit/lanes.ts';
import { route, upstreamConfig } from '../../kit/snapshot.ts';
import { until } from '../../kit/until.ts';
import { upstream } from '../../kit/upstream.ts';

const match = (path: string): RouteMatch => ({ host: null, path, methods: [] });

test('a rewrite replaces the path of the match and keeps the rest and the query', () => {
  const moved = (path: string, prefix: string, target: string) =>
    movedTarget(match(path), prefix, target.replace(/\?.*/, ''), target);
  expect(moved('/api/', '/v2/', '/api/users?q=/api/')).toBe('/v2/users?q=/api/');
  expect(moved('/api', '/v2', '/api')).toBe('/v2');
  expect(moved('/api', '/', '/api/x')).toBe('/x');
  expect(moved('/', '/v2', '/x')).toBe('/v2/x');
  expect(moved('/api/', '/v2', '/api/x')).toBe('/v2/x');
  // It was routed as a slash, so it goes on as one.
  expect(moved('/api', '/v2', '/api%2Fx')).toBe('/v2/x');
});

test('a redirect stays on its host and never ends its field, whatever is asked for', () => {
  const config = route('moved', '/old', { redirect: { prefix: '/', status: 301 } });
  const raw = fc
    .array(
      fc.oneof(
        fc.constantFrom('/', '//', '%2F', '%5C', '%0d%0a', ';', '?', '..', 'evil.test', '@', ':'),
        fc.string(),
      ),
    )
    .map((parts) => `/old/${parts.join('')}`);
  fc.assert(
    fc.property(raw, (text) => {
      const { path, target, refusal } = parseTarget('GET', text);
      if (refusal !== '' || !path.startsWith('/old')) return;
      const location = redirectAnswer(config, path, target)?.fields.get('location') ?? '/';
      expect(location).toMatch(/^[!-~]+$/);
      expect(new URL(location, 'http://shop.test').origin).toBe('http://shop.test');
    }),
    { numRuns: 5_000 },
  );
});

test('weights are kept, and a key stays with its upstream', () => {
  const config = route('all', '/', {
    upstreams: [
      { name: 'old', weight: 9 },
      { name: 'new', weight: 1 },
      { name: 'none', weight: 0 },
    ],
  });
  const chosen = Array.from({ length: 20_000 }, (_, index) => upstreamFor(config, `user-${index}`));
  const count = (name: string): number => chosen.filter((each) => each === name).length;
  expect(count('none')).toBe(0);
  // Six standard deviations of a binomial with 2,000 expected.
  expect(Math.abs(count('new') - 2_000)).toBeLessThan(6 * Math.sqrt(20_000 * 0.09));
  expect(upstreamFor(config, 'user-7')).toBe(chosen[7]);
});

test('a user stays with one upstream of a route, requests and copies alike', async () => {
  const both = await lanes();
  const other = await upstream().start();
  onTestFinished(() => other.stop());
  const upstreams = [upstreamConfig('one', both.candidate.url), upstreamConfig('two', other.url)];
  const routes = [
    route('all', '/', {
      upstreams: [
        { name: 'one', weight: 1 },
        { name: 'two', weight: 1 },
      ],
    }),
  ];
  const candidate = { upstreams, routes, filters: [] };
  const shadow = await inProcessGateway(both, { phase: 'shadow', sample: 1 }, { candidate });
  const enforced = await inProcessGateway(both, { phase: 'retired' }, { candidate });
  for (let user = 0; user < 20; user += 1) {
    const headers = { Cookie: `sid=user-${user}` };
    await fetchOnce(`${enforced.url}/live/${user}`, { headers });
    await fetchOnce(`${shadow.url}/copy/${user}`, { headers });
  }
  await until(() => both.candidate.count() + other.count() === 40, 'every copy');
  const users = (from: { readonly requests: readonly { readonly target: string }[] }, what: string) =>
    from.requests
      .flatMap(({ target }) => (target.startsWith(what) ? [target.slice(what.length)] : []))
      .toSorted();
  for (const server of [both.candidate, other]) {
    expect(users(server, '/live/').length).toBeGreaterThan(0);
    expect(users(server, '/copy/')).toEqual(users(server, '/live/'));
  }
});

test('only the candidate lane sees the rewritten path, and a redirect is its answer', async () => {
  const both = await lanes();
  const upstreams = [upstreamConfig('candidate', both.candidate.url)];
  const routes = [
    route('moved', '/old', { redirect: { prefix: '/new', status: 308 }, upstream: '', fallback: 'none' }),
    route('api', '/api/', { rewrite: { prefix: '/v2/' } }),
  ];
  const candidate = { upstreams, routes, filters: [] };
  const shadow = await inProcessGateway(both, { phase: 'shadow', sample: 1 }, { candidate });
  await fetchOnce(`${shadow.url}/api/users?q=1`);
  await until(() => both.candidate.count() === 1, 'the copy');
  expect(both.legacy.requests[0]?.target).toBe('/api/users?q=1');
  expect(both.candidate.requests[0]?.target).toBe('/v2/users?q=1');
  const retired = await inProcessGateway(both, { phase: 'retired' }, { candidate });
  const answer = await fetchOnce(`${retired.url}/old/a?b=c`);
  expect(answer.status).toBe(308);
  expect(headerOf(answer, 'location')).toBe('/new/a?b=c');
  expect(both.candidate.count()).toBe(1);
});
