import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keyChanges } from '../../src/config/changes.ts';
import { loadConfig } from '../../src/config/load.ts';
import { renderProblems } from '../../src/config/render.ts';
import { readSource } from '../../src/config/source.ts';
import { folderWith } from './kit.ts';

const TIMEOUT = { timeout: 300_000 };
const ROUNDS = 3;
const FEWER = 2_500;
const MORE = 10_000;
/** Four times as much takes four times as long; by the square it would be sixteen. */
const LINEAR = 8;

/** Milliseconds of this thread's processor: others on the machine do not count. */
function costOf(run: () => void): number {
  const before = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

/** How many times as long four times as much takes; the best of some rounds each, in turn. */
function growth(subject: (count: number) => () => void): number {
  const [few, many] = [subject(FEWER), subject(MORE)];
  const rounds = Array.from({ length: ROUNDS }, () => [costOf(few), costOf(many)] as const);
  const best = (index: 0 | 1): number => Math.min(...rounds.map((round) => round[index]));
  return best(1) / best(0);
}

function lines(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join('\n');
}

/** As many upstreams as a tenth of the routes. */
function configuration(routes: number, change = ''): string {
  return `
listen: [{ address: 127.0.0.1:0 }]
legacy: { servers: [http://127.0.0.1:8081] }
rollout: { canary: { match: [] } }
candidate:
  upstreams:
${lines(routes / 10, (index) => `    u${index}: { servers: [http://127.0.0.1:7001] }`)}
  routes:
${lines(routes, (index) => {
  const path = index % 2 === 0 ? `{ exact: /item${index} }` : `{ template: '/users${index}/{id}${change}' }`;
  return `    - { name: r${index}, match: { host: h${index % 100}.example.com, path: ${path} }, upstream: u${index % (routes / 10)} }`;
})}
`;
}

test('a configuration is read, checked and compiled in time that grows as its routes do', TIMEOUT, () => {
  const ratio = growth((count) => {
    const file = join(folderWith({ 'cutover.yaml': configuration(count) }), 'cutover.yaml');
    return () => {
      const loaded = loadConfig(file, { environment: {} });
      if (!loaded.ok) throw new Error(renderProblems(loaded.problems));
    };
  });
  expect(ratio).toBeLessThan(LINEAR);
});

test('what a reload has changed is found in time that grows as the routes do', TIMEOUT, () => {
  const ratio = growth((count) => () => {
    expect(keyChanges(configuration(count), configuration(count, '/x')).more).toBeGreaterThan(count / 4);
  });
  expect(ratio).toBeLessThan(LINEAR);
});

test('aliases are followed and repeated keys found in time that grows as the file does', TIMEOUT, () => {
  const keys = (count: number): string => lines(count * 4, (index) => `k${index}: ${index}`);
  const aliases = (count: number): string =>
    lines(count / 4, (index) => `- { a: &a${index} [1, ${index}], b: *a${index} }`);
  for (const make of [keys, aliases]) {
    const ratio = growth((count) => {
      const text = make(count);
      return () => expect(readSource('', text, {}).problems).toEqual([]);
    });
    expect(ratio).toBeLessThan(LINEAR);
  }
});

test('as many routes as there may be share what an anchor names', TIMEOUT, () => {
  const text = `
listen: [{ address: 127.0.0.1:0 }]
legacy: { servers: [http://127.0.0.1:8081] }
rollout: { canary: { match: [] } }
filters: { small: { bodyLimit: 1KiB }, slow: { rateLimit: { rate: 10/s } } }
candidate:
  upstreams: { shop: { servers: [http://127.0.0.1:7001] } }
  routes:
    - { name: first, match: { path: /first/, methods: &methods [GET, POST] }, upstream: shop, filters: &guards [small, slow] }
${lines(MORE - 1, (index) => `    - { name: r${index}, match: { path: /r${index}/, methods: *methods }, upstream: shop, filters: *guards }`)}
`;
  const loaded = loadConfig('cutover.yaml', { text, environment: {} });
  if (!loaded.ok) throw new Error(renderProblems(loaded.problems));
  expect(loaded.config.gateway.candidate.routes.at(-1)).toMatchObject({
    filters: ['small', 'slow'],
    match: { methods: ['GET', 'POST'] },
  });
});
