import { expect, test } from 'vitest';
import { stickyPosition } from '../../src/core/hash.ts';
import type { RolloutView } from '../../src/core/snapshot.ts';
import { CohortCounter } from '../../src/telemetry/cohort-counter.ts';
import { mergeCohorts } from '../../src/telemetry/cohort-merge.ts';
import { headerOf } from '../kit/answer-reader.ts';
import type { ClientRequest } from '../kit/http-client.ts';
import { KeepAliveClient } from '../kit/http-client.ts';
import { inProcessGateway } from '../kit/in-process.ts';
import type { InProcessGateway } from '../kit/in-process.ts';
import { lanes } from '../kit/lanes.ts';
import { route } from '../kit/snapshot.ts';
import { upstream } from '../kit/upstream.ts';

const SALT = 42;
const USERS = 300;
const STAFF = { header: ['x-canary', 'internal'], cookie: null, host: null, from: ['127.0.0.0/8'] } as const;

function regional(share: number, rest: Partial<RolloutView> = {}): Partial<RolloutView> {
  return { phase: 'regional', shares: { 'eu-west': share }, salt: SALT, ...rest };
}

/** Every user asks once. @returns the lane that answered each */
async function ask(url: string, request: ClientRequest = { method: 'POST' }): Promise<string[]> {
  const client = new KeepAliveClient(url);
  const answeredBy: string[] = [];
  for (let user = 0; user < USERS; user += 1) {
    const headers = { ...request.headers, Cookie: `sid=user-${user}` };
    answeredBy.push(headerOf(await client.request({ ...request, headers }), 'x-cutover-lane') ?? '');
  }
  client.close();
  return answeredBy;
}

/** What the cohorts of the only region have after everything ended. */
async function counted(gateway: InProcessGateway) {
  await gateway.settled();
  const counter = new CohortCounter();
  const all = gateway.deltas.map(({ epoch, cohorts }) => counter.count(epoch, cohorts));
  return mergeCohorts(all)?.regions[0];
}

/** Users of 0 to USERS-1 in a span of positions. */
function usersIn(from: number, to: number): number {
  const positions = Array.from({ length: USERS }, (_, user) => stickyPosition(SALT, `user-${user}`));
  return positions.filter((at) => at >= from && at < to).length;
}

test.each([
  [0.2, 0.2, 0.4],
  [0.5, 0.5, 1],
  [0.8, 0.2, 1],
])(
  'at a share of %s writers fall into two equal cohorts, and each is where its lane is',
  async (share, width, end) => {
    const gateway = await inProcessGateway(await lanes(), regional(share));
    const answeredBy = await ask(gateway.url);
    const seen = await counted(gateway);
    expect(seen?.candidate).toEqual({ users: usersIn(0, width), bad: 0 });
    expect(seen?.legacy).toEqual({ users: usersIn(share, end), bad: 0 });
    // Labels move nobody: the candidate answers exactly the share.
    const byCandidate = answeredBy.filter((lane) => lane === 'candidate').length;
    expect(byCandidate).toBe(usersIn(0, share));
  },
);

test('those who were compared at a small share are compared at a larger one', async () => {
  const gateway = await inProcessGateway(await lanes(), regional(0.1));
  await ask(gateway.url);
  const few = await counted(gateway);
  gateway.apply({ rollout: { shares: { 'eu-west': 0.5 }, epoch: 2 } });
  await ask(gateway.url);
  const many = await counted(gateway);
  expect(few?.candidate.users).toBe(usersIn(0, 0.1));
  expect(many?.candidate.users).toBe(usersIn(0, 0.5));
});

test('users whose requests are paired are in no cohort', async () => {
  const gateway = await inProcessGateway(await lanes(), regional(0.5));
  await ask(gateway.url, { method: 'GET' });
  expect(await counted(gateway)).toBeUndefined();
});

test('writes that a route allows to be copied are in no cohort', async () => {
  const config = await lanes();
  const gateway = await inProcessGateway(config, regional(0.5), {});
  const { candidate } = gateway.apply({}).config;
  gateway.apply({
    config: { hash: 'other', candidate: { ...candidate, routes: [route('all', '/', { copyWrites: true })] } },
  });
  await ask(gateway.url);
  expect(await counted(gateway)).toBeUndefined();
});

test('a read that can never be copied counts as one that cannot be paired', async () => {
  const gateway = await inProcessGateway(await lanes(), regional(0.5));
  await ask(gateway.url, { method: 'GET', headers: { Range: 'bytes=0-3' } });
  const seen = await counted(gateway);
  expect(seen?.routes).toEqual([
    { route: 'all', methods: 'read', candidate: usersIn(0, 0.5), legacy: usersIn(0.5, 1) },
  ]);
});

test('both cohorts are counted alike when nothing of legacy is sampled', async () => {
  const gateway = await inProcessGateway(await lanes(), regional(0.5, { sample: 0 }));
  await ask(gateway.url);
  await ask(gateway.url, { method: 'GET' });
  const seen = await counted(gateway);
  expect(seen?.candidate.users).toBe(usersIn(0, 0.5));
  expect(seen?.legacy.users).toBe(usersIn(0.5, 1));
  expect(seen?.routes.map(({ methods }) => methods)).toEqual(['write']);
});

test('a user fails once, whichever of the writes failed', async () => {
  const gateway = await inProcessGateway(
    await lanes(upstream().json({}), upstream().status(500)),
    regional(0.5),
  );
  await ask(gateway.url);
  await ask(gateway.url);
  const seen = await counted(gateway);
  expect(seen?.candidate).toEqual({ users: usersIn(0, 0.5), bad: usersIn(0, 0.5) });
  expect(seen?.legacy.bad).toBe(0);
});

test('what the canary matches is in no cohort, on either side', async () => {
  const gateway = await inProcessGateway(await lanes(), regional(0.5, { canary: [STAFF] }));
  await ask(gateway.url, { method: 'POST', headers: { 'X-Canary': 'internal' } });
  expect(await counted(gateway)).toBeUndefined();
});

test('copies of another gateway are nobody in a cohort', async () => {
  const gateway = await inProcessGateway(await lanes(), regional(0.5));
  await ask(gateway.url, { method: 'POST', headers: { 'X-Cutover-Copied': '1' } });
  expect(await counted(gateway)).toBeUndefined();
});

test.each([
  ['shadow', {}],
  ['canary', { canary: [STAFF] }],
  ['regional', { shares: { 'eu-west': 1 } }],
  ['regional', { shares: {} }],
  ['regional', { shares: { 'eu-west': 0.5 }, bypass: true }],
  ['enforce', {}],
] as const)('nobody is in a cohort in %s with %j', async (phase, rest) => {
  const gateway = await inProcessGateway(await lanes(), { phase, salt: SALT, ...rest });
  await ask(gateway.url);
  expect(await counted(gateway)).toBeUndefined();
});

test('users without a key are told apart by their address', async () => {
  const gateway = await inProcessGateway(await lanes(), regional(0.5));
  const client = new KeepAliveClient(gateway.url);
  for (let call = 0; call < 5; call += 1) await client.request({ method: 'POST' });
  client.close();
  const seen = await counted(gateway);
  expect((seen?.candidate.users ?? 0) + (seen?.legacy.users ?? 0)).toBe(1);
});
