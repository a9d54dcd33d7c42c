import { expect, test } from 'vitest';
import { failed, names, NOTHING, promise, rehearsed, TIMEOUT_MS } from './kit/scenarios.ts';

test('there is a scenario for every promise of the gates', () => {
  expect(names.toSorted()).toEqual([
    'automatic',
    'bad-candidate',
    'behind-nginx',
    'candidate-dies-in-canary',
    'demo',
    'errors-half-a-point',
    'good-candidate',
    'hanging-shadow',
    'invalid-evidence',
    'late-regression',
    'legacy-incident',
    'low-traffic',
    'opaque-candidate',
    'p99-twenty-percent',
    'rare-bursts',
    'real-nginx',
    'regional-both-fail',
    'regional-siem-alerts',
    'regional-siem-quiet',
    'regional-two-regions',
    'writes-are-unproven',
    'writes-by-cohort',
  ]);
});

// One half: the other one is a file of its own, so that two run at a time.
promise(names.filter((_, index) => index % 2 === 0));

test(
  'the demo runs from any folder and without NGINX, too',
  async () => {
    const { code, result } = await rehearsed(['demo', '--seed', '5'], { CUTOVER_NGINX: '' });
    expect(failed(result)).toEqual({ ...NOTHING, ended: 'actions' });
    expect(result).toMatchObject({ scenario: 'demo', seed: 5, ok: true, legacy: 'embedded' });
    expect(code).toBe(0);
  },
  TIMEOUT_MS,
);
