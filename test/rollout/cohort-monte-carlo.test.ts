import { expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import type { RandomSource } from '../../src/core/random.ts';
import { addCohorts } from '../../src/rollout/gates/cohort-evidence.ts';
import type { CohortEvidence } from '../../src/rollout/gates/cohort-evidence.ts';
import { logSkew } from '../../src/stats/sampling-skew.ts';
import { logAbortUnpaired } from '../../src/stats/unpaired.ts';
import { windowOf } from './gates-fixtures.ts';

/** One user under a fair lot: how often they ask, how often they are refused, on which side they fell. */
interface User {
  readonly weight: number;
  readonly badRate: number;
  readonly candidate: boolean;
  known: boolean;
  failed: boolean;
}

const USERS = 2_000;
const WINDOWS = 60;
const REQUESTS = 500;
const RUNS = 150;
/** One line, one chance in a hundred. */
const ENOUGH_TO_ABORT = Math.log(100);
const ENOUGH_TO_DOUBT = Math.log(1_000);

/** Few users ask for most, and of all users few are refused often: both heavy-tailed, as logs show it. */
function drawUsers(random: RandomSource, chance = 0.5): User[] {
  return Array.from({ length: USERS }, () => ({
    weight: (1 - random.next()) ** -0.9,
    badRate: Math.min(1, 0.0005 * (1 - random.next()) ** -1.5),
    candidate: random.next() < chance,
    known: false,
    failed: false,
  }));
}

interface Seen {
  byRequestBad: [number, number];
  byRequest: [number, number];
  newUsers: [number, number];
  newBad: [number, number];
}

/** One window of requests that both lanes answer alike, plus `worse` for those of the candidate. */
function window(users: readonly User[], sums: Float64Array, random: RandomSource, worse = 0): Seen {
  const seen: Seen = { byRequestBad: [0, 0], byRequest: [0, 0], newUsers: [0, 0], newBad: [0, 0] };
  for (let request = 0; request < REQUESTS; request += 1) {
    const user = users[pick(sums, random.next() * (sums.at(-1) as number))] as User;
    const side = Number(user.candidate);
    const bad = random.next() < user.badRate + (user.candidate ? worse : 0);
    seen.byRequest[side as 0] += 1;
    if (bad) seen.byRequestBad[side as 0] += 1;
    if (!user.known) seen.newUsers[side as 0] += 1;
    if (bad && !user.failed) seen.newBad[side as 0] += 1;
    user.known = true;
    user.failed ||= bad;
  }
  return seen;
}

function pick(sums: Float64Array, at: number): number {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sums[middle] as number) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Outcome {
  byUser: boolean;
  byRequest: boolean;
  skewByUser: boolean;
  skewByRequest: boolean;
}

/** One epoch, looked at after every window as the controller does. */
function run(random: RandomSource, { worse = 0, chance = 0.5 } = {}): Outcome {
  const users = drawUsers(random, chance);
  const sums = new Float64Array(users.length);
  users.forEach(({ weight }, index) => (sums[index] = (sums[index - 1] ?? 0) + weight));
  const outcome = { byUser: false, byRequest: false, skewByUser: false, skewByRequest: false };
  const total = { n: 0, candidateBad: 0, legacyBad: 0 };
  const sides = { users: [0, 0], requests: [0, 0] };
  let cohorts: CohortEvidence | undefined;
  for (let index = 0; index < WINDOWS; index += 1) {
    const { byRequest, byRequestBad, newUsers, newBad } = window(users, sums, random, worse);
    const side = (at: 0 | 1) => ({ users: newUsers[at], bad: newBad[at] });
    const region = { region: 'eu', candidate: side(1), legacy: side(0), lost: 0, routes: [] };
    const added = { ...windowOf(index, []), cohorts: { set: 'one', earlier: [], regions: [region] } };
    cohorts = addCohorts(cohorts, added);
    total.n += REQUESTS;
    total.candidateBad += byRequestBad[1];
    total.legacyBad += byRequestBad[0];
    for (const at of [0, 1] as const) {
      sides.users[at] = (sides.users[at] ?? 0) + newUsers[at];
      sides.requests[at] = (sides.requests[at] ?? 0) + byRequest[at];
    }
    outcome.byUser ||= (cohorts?.regions[0]?.worse ?? 0) >= ENOUGH_TO_ABORT;
    outcome.byRequest ||= logAbortUnpaired(total, 0.5, 0) >= ENOUGH_TO_ABORT;
    outcome.skewByUser ||= logSkew(sides.users, [0.5, 0.5]) >= ENOUGH_TO_DOUBT;
    outcome.skewByRequest ||= logSkew(sides.requests, [0.5, 0.5]) >= ENOUGH_TO_DOUBT;
  }
  return outcome;
}

function shares(
  seed: number,
  truth: { worse?: number; chance?: number } = {},
): Record<keyof Outcome, number> {
  const random = seededRandom(seed);
  const runs = Array.from({ length: RUNS }, () => run(random, truth));
  const share = (what: keyof Outcome): number => runs.filter((each) => each[what]).length / RUNS;
  return {
    byUser: share('byUser'),
    byRequest: share('byRequest'),
    skewByUser: share('skewByUser'),
    skewByRequest: share('skewByRequest'),
  };
}

test('with heavy users a candidate that is no different is aborted by users in at most 1 % of runs, by requests in more than 20 %', () => {
  const { byUser, byRequest } = shares(20_261_125);
  expect(byUser).toBeLessThanOrEqual(0.01);
  expect(byRequest).toBeGreaterThan(0.2);
});

test('heavy users are no skewed lot by users, and would be one by requests', () => {
  const { skewByUser, skewByRequest } = shares(7);
  expect(skewByUser).toBe(0);
  expect(skewByRequest).toBeGreaterThan(0.5);
});

test('a lot of 42 to 58 is found to be skewed', () => {
  expect(shares(8, { chance: 0.42 }).skewByUser).toBeGreaterThan(0.95);
});

test('by users a candidate that fails one request in fifty more is aborted', () => {
  expect(shares(9, { worse: 0.02 }).byUser).toBeGreaterThan(0.95);
});
