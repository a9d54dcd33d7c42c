import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hash32 } from '../../src/core/hash.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { CohortBuffer } from '../../src/telemetry/cohort-buffer.ts';
import { CohortCounter } from '../../src/telemetry/cohort-counter.ts';
import { mergeCohorts } from '../../src/telemetry/cohort-merge.ts';
import type { RegionCohorts, WindowCohorts } from '../../src/telemetry/cohort-types.ts';

interface Answer {
  readonly user: number;
  readonly region: 'eu' | 'us';
  readonly route: 'cart' | 'pay';
  readonly bad: boolean;
}

/** Even users are the candidate's. */
function isCandidate({ user }: Answer): boolean {
  return user % 2 === 0;
}

function note(buffer: CohortBuffer, answer: Answer): void {
  const { user, region, route, bad } = answer;
  const about = (isCandidate(answer) ? 2 : 0) | Number(bad);
  const key = `user-${user}`;
  buffer.note(hash32(key, 1), hash32(key, 2), buffer.scopeOf(region, route, 'write'), about);
}

/** The counts of one region, as a plain Set makes them. */
function expected(answers: readonly Answer[], region: Answer['region']) {
  const users = (candidate: boolean, only: (answer: Answer) => boolean = () => true): number =>
    new Set(
      answers
        .filter((answer) => answer.region === region && isCandidate(answer) === candidate && only(answer))
        .map(({ user }) => user),
    ).size;
  const side = (candidate: boolean) => ({
    users: users(candidate),
    bad: users(candidate, ({ bad }) => bad),
  });
  const routes = (['cart', 'pay'] as const).flatMap((route) => {
    const on = (answer: Answer): boolean => answer.route === route;
    const [candidate, legacy] = [users(true, on), users(false, on)];
    return candidate + legacy === 0 ? [] : [{ route, methods: 'write', candidate, legacy }];
  });
  return { region, candidate: side(true), legacy: side(false), lost: 0, routes };
}

const answer = fc.record({
  user: fc.nat(60),
  region: fc.constantFrom('eu' as const, 'us' as const),
  route: fc.constantFrom('cart' as const, 'pay' as const),
  bad: fc.boolean(),
});

test('each user counts once and fails once, over all workers and deltas', () => {
  const calls = fc.array(fc.record({ worker: fc.nat(2), answer, report: fc.boolean() }), { maxLength: 200 });
  fc.assert(
    fc.property(calls, (all) => {
      const buffers = [new CohortBuffer(), new CohortBuffer(), new CohortBuffer()];
      const counter = new CohortCounter();
      const counts: (WindowCohorts | undefined)[] = [];
      const report = (buffer: CohortBuffer) => counts.push(counter.count(1, buffer.take()));
      for (const call of all) {
        const buffer = buffers[call.worker] as CohortBuffer;
        note(buffer, call.answer);
        if (call.report) report(buffer);
      }
      buffers.forEach(report);
      const answers = all.map((call) => call.answer);
      const merged = mergeCohorts(counts)?.regions ?? [];
      for (const region of ['eu', 'us'] as const) {
        const seen = merged.find((each) => each.region === region);
        if (seen === undefined) expect(answers.some((each) => each.region === region)).toBe(false);
        else expect(sorted(seen)).toEqual(expected(answers, region));
      }
    }),
  );
});

function sorted(counts: RegionCohorts): RegionCohorts {
  return { ...counts, routes: counts.routes.toSorted((a, b) => (a.route < b.route ? -1 : 1)) };
}

test('a user who asks a thousand times in a second is sent once, with the worst answer', () => {
  const buffer = new CohortBuffer();
  for (let call = 0; call < 1_000; call += 1)
    note(buffer, { user: 4, region: 'eu', route: 'cart', bad: call === 500 });
  const taken = buffer.take();
  expect(taken?.entries.length).toBe(3);
  expect((taken?.entries[2] ?? 0) & 1).toBe(1);
  expect(buffer.take()).toBeUndefined();
});

test('users beyond the buffer of a worker are lost and said to be', () => {
  const buffer = new CohortBuffer();
  const users = LIMITS.cohortUsersPerDelta + 250;
  for (let user = 0; user < users; user += 1) note(buffer, { user, region: 'eu', route: 'cart', bad: false });
  const taken = buffer.take();
  expect(taken?.lost).toBe(250);
  const [counts] = new CohortCounter().count(1, taken)?.regions ?? [];
  expect((counts?.candidate.users ?? 0) + (counts?.legacy.users ?? 0)).toBe(LIMITS.cohortUsersPerDelta);
  expect(counts?.lost).toBe(250);
});

test('places beyond those a worker tells apart are lost and said to be', () => {
  const buffer = new CohortBuffer();
  for (let place = 0; place < LIMITS.cohortScopes; place += 1) {
    buffer.note(place, place, buffer.scopeOf('eu', `route-${place}`, 'read'), 0);
  }
  expect(buffer.take()?.lost).toBe(LIMITS.cohortScopes / 2);
});

test('on one route users are told apart up to a number that says enough', () => {
  const [buffer, counter] = [new CohortBuffer(), new CohortCounter()];
  const told = { candidate: 0, legacy: 0 };
  for (let user = 0; user < 4 * LIMITS.cohortRouteUsers; user += 1) {
    note(buffer, { user, region: 'eu', route: 'pay', bad: false });
    if (user % 500 > 0) continue;
    const [route] = counter.count(1, buffer.take())?.regions[0]?.routes ?? [];
    told.candidate += route?.candidate ?? 0;
    told.legacy += route?.legacy ?? 0;
  }
  expect(told).toEqual({ candidate: LIMITS.cohortRouteUsers, legacy: LIMITS.cohortRouteUsers });
});

test('another epoch begins with nobody, and users of one that is over are not counted', () => {
  const counter = new CohortCounter();
  const taken = (user: number) => {
    const buffer = new CohortBuffer();
    note(buffer, { user, region: 'eu', route: 'pay', bad: false });
    return buffer.take();
  };
  expect(counter.count(1, taken(2))?.regions[0]?.candidate.users).toBe(1);
  expect(counter.count(1, taken(2))?.regions[0]?.candidate.users).toBe(0);
  expect(counter.count(2, undefined)).toBeUndefined();
  expect(counter.bytes).toBe(0);
  expect(counter.count(1, taken(4))).toBeUndefined();
  expect(counter.count(2, taken(2))?.regions[0]?.candidate.users).toBe(1);
});

test('counts of a memory that was lost are not added to those of the next one', () => {
  const of = (set: string, users: number): WindowCohorts => ({
    set,
    earlier: [],
    regions: [{ region: 'eu', candidate: { users, bad: 0 }, legacy: { users, bad: 0 }, lost: 0, routes: [] }],
  });
  const merged = mergeCohorts([of('a', 5), undefined, of('b', 2), of('b', 1), of('a', 4)]);
  expect([merged?.set, merged?.earlier, merged?.regions[0]?.candidate.users]).toEqual(['b', ['a'], 3]);
});
