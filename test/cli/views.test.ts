import { expect, test } from 'vitest';
import { appliedSchema } from '../../src/control/schema/commands.ts';
import type { AppliedAnswer } from '../../src/control/schema/commands.ts';
import type { DifferenceDetail, Differences } from '../../src/control/schema/differences.ts';
import type { History } from '../../src/control/schema/history.ts';
import { statusSchema } from '../../src/control/schema/status.ts';
import type { Status } from '../../src/control/schema/status.ts';
import { age, counted, milliseconds, safe, signedMilliseconds } from '../../src/cli/format.ts';
import { paintFor, paintWith } from '../../src/cli/paint.ts';
import { changeText } from '../../src/cli/views/change.ts';
import { differenceText, explainText } from '../../src/cli/views/difference.ts';
import { differencesText } from '../../src/cli/views/differences.ts';
import { historyText } from '../../src/cli/views/history.ts';
import { statusLine } from '../../src/cli/views/status-line.ts';
import { statusText } from '../../src/cli/views/status.ts';
import { table } from '../../src/cli/table.ts';
import { fakeIo } from './kit.ts';
import { statusSample } from './status-sample.ts';

const plain = paintWith(false);

test('the screen of status stays as it was agreed', () => {
  statusSchema.parse(statusSample);
  expect(statusText(statusSample, plain)).toMatchInlineSnapshot(`
    "cutover 0.1.0   up 3h 12m
    Phase      regional/2, step 2 of 3   since 2026-11-23 14:02:11Z (27m 49s)
    Paused     no
    Bypass     off
    Epoch      4
    Last good  regional/1
    Snapshot   revision 9, in effect on every worker
    Store      live
    Listening  127.0.0.1:8080 (eu-west)
    Observed   6 windows of this epoch, 1m up to 2026-11-23 14:30:00Z

    REGION   DESIRED  ACTUAL  REQUESTS
    eu-west    5.00%   4.93%    12,004
    us-east    0.00%       -         0

    GATES
    ◌ HOLD  error rate (shadow, eu-west): not proven yet
    Evidence of regional/2 (eu-west), epoch 4: 165 windows up to 2026-11-23 14:29:50Z, 13 pairs/s
    Next: regional/3 (cutover advance)
    Ready in ~24 h if everything goes on as it does

    error rate   shadow   eu-west  +0.02pp [-0.04, +0.09]  margin 0.10pp  HOLD   e=6.0 (needs 20)    6 vs 4 discordant in 12,000  ready in ~4 min  abort e=1.1 (needs 400)
    differences  reverse  eu-west  +0.00pp [+0.00, +0.05]  margin 0.10pp  READY  e=4,447 (needs 20)  0 differ in 9,000                             abort e=1.0 (needs 400)

    coverage  ✓ met      0 of 21,000 copies are missing (0.00 %, at most 1 %)
    dwell     ✗ not met  28m of 24h in this phase, ready in ~24 h

    Coverage by route and method class:
    api (critical)  read 90.00% of requests, 21,000 pairs; write 10.00% of requests, no pairs: unproven

    LANE              REQUESTS  PER S  BAD  BAD %       P50       P90      P99  P99.9
    legacy              11,412    190    3  0.03%    4.1 ms    7.3 ms  12.1 ms      -
    candidate              592    9.9    0  0.00%    4.1 ms    7.3 ms   120 ms      -
    legacy, pairs        1,900                       8.1 ms   15.2 ms  40.3 ms      -
    candidate, pairs     1,900                       8.0 ms   15.6 ms  48.0 ms      -
    delta, pairs                                   -0.10 ms  +0.35 ms  +7.7 ms      -
    Legacy failed: upstream_reset 2, connect_refused 1
    Clients gave up waiting: legacy 4
    A latency of - has too few samples: at least ten must lie beyond it

    COPIES                            SHADOW  REVERSE
    eligible                          10,000        0
      not sampled                      9,000        0
        (of these over the rate cap)     120        0
      sampled                          1,000        0
        dropped                            4        0
        too large                          0        0
        candidate saturated                6        0
        sent                             990        0
          compared                       980        0
          shadow failed                    2        0
          timed out                        5        0
          client aborted                   0        0
          response too large               0        0
          diff dropped                     0        0
          pending                          3        0
    Shadow failed or timed out 7: first_byte_timeout 5, connect_refused 2
    Evidence excludes 20 first shadow pairs (warm-up)
    Not eligible: method 1,412
    Answered by no lane: headers_too_large 2

    PAIRS   METRIC        N  ONLY CANDIDATE BAD  ONLY LEGACY BAD
    shadow  error       980                   3                1
    shadow  difference  980                  61                -
    shadow  tail        980                   9                8
    Classes of differences: 3   (cutover differences)

    WORKER   PID  STATE     REVISION  CONNECTIONS  EXCHANGES  MEMORY  LOOP DELAY  RESTARTS
         0  4711  serving          9          118         12  96 MiB      1.2 ms         0
         1  4712  draining         8            3          1  91 MiB     0.42 ms         1
    "
  `);
});

test('the screen of status shouts when the kill switch is on and the store is down', () => {
  const { rollout, snapshot } = statusSample;
  const bad: Status = {
    ...statusSample,
    rollout: { ...rollout, bypass: true, paused: true },
    snapshot: { ...snapshot, inEffect: false },
    store: { mode: 'down', message: 'disk full' },
    shares: [],
  };
  const text = statusText(bad, plain);
  expect(text).toContain('Bypass     ON: all traffic to legacy, no copies\n');
  expect(text).toContain('Paused     yes\n');
  expect(text).toContain('not yet on every worker\n');
  expect(text).toContain('Store      down: disk full\n');
  expect(text).toContain('no region is named');
});

test('the screen of status names regions that were taken back, and how they come in again', () => {
  expect(statusText(statusSample, plain)).not.toContain('Withdrawn');
  const rollout = { ...statusSample.rollout, withdrawn: ['eu-west', 'us-east'] };
  expect(statusText({ ...statusSample, rollout }, plain)).toContain(
    'Withdrawn  eu-west, us-east: legacy answers there   (again: cutover advance --region eu-west --force --reason TEXT)\n',
  );
});

test('the screen of status is silent about what did not happen', () => {
  const { legacy, candidate } = statusSample.lanes;
  const { reverse } = statusSample.pairs;
  const calm = { ...legacy, abandoned: 0, failures: {} };
  const quiet: Status = {
    ...statusSample,
    lanes: { legacy: calm, candidate },
    pairs: { shadow: reverse, reverse },
  };
  expect(statusText(quiet, plain)).not.toMatch(/rate cap|failed:|failed or|gave up|warm-up/);
});

test('a difference only on the side of legacy is not claimed to be measured', () => {
  const { shadow } = statusSample.pairs;
  const measured = { ...shadow, joint: { ...shadow.joint, difference: { n: 980, plus: 61, minus: 2 } } };
  const text = statusText({ ...statusSample, pairs: { ...statusSample.pairs, shadow: measured } }, plain);
  expect(statusText(statusSample, plain)).toMatch(/shadow {2}difference +980 +61 +-\n/);
  expect(text).toMatch(/shadow {2}difference +980 +61 +2\n/);
});

test('one line of status changes with the state and not with the traffic', () => {
  const line = statusLine(statusSample);
  expect(line).toBe(
    'phase=regional step=2/3 paused=no bypass=off withdrawn=- gate=hold epoch=4 in_effect=yes shares=eu-west:5%,us-east:0% classes=3 workers=1/2 store=live',
  );
  const lanes = { ...statusSample.lanes, legacy: { ...statusSample.lanes.legacy, requests: 1 } };
  expect(statusLine({ ...statusSample, lanes, atMs: 1 })).toBe(line);
  expect(statusLine({ ...statusSample, rollout: { ...statusSample.rollout, paused: true } })).not.toBe(line);
});

const difference = { kind: 'json_type', path: '/total', legacy: '10.5', candidate: null } as const;
const found: Differences['classes'][number] = {
  id: '0123456789abcdef',
  route: 'api',
  endpoint: 'GET /orders/{id}',
  kind: 'json_type',
  path: '/total',
  count: 412,
  firstSeenMs: Date.UTC(2026, 10, 23, 14, 2, 11),
  lastSeenMs: Date.UTC(2026, 10, 23, 14, 2, 26),
  example: {
    requestId: 'a1-7',
    atMs: Date.UTC(2026, 10, 23, 14, 2, 11),
    direction: 'shadow',
    epoch: 2,
    method: 'GET',
    target: '/orders/17',
    difference,
  },
};

test('differences are a table with the largest class first', () => {
  const differences: Differences = { schemaVersion: 1, compared: 3_002, total: 2, classes: [found] };
  expect(differencesText(differences, plain)).toMatchInlineSnapshot(`
    "ID                COUNT  SHARE  VERDICT  KIND       ENDPOINT          PATH    LEGACY -> CANDIDATE  LAST SEEN
    0123456789abcdef    412      -  -        json_type  GET /orders/{id}  /total  10.5 -> (absent)     2026-11-23 14:02:26Z
    the largest 1 of 2 classes in 3,002 compared pairs; look at one: cutover differences show ID
    "
  `);
});

test('without a class the number of compared pairs is told', () => {
  const none: Differences = { schemaVersion: 1, compared: 1, total: 0, classes: [] };
  expect(differencesText(none, plain)).toBe('no differences in 1 compared pair\n');
});

test('one class is shown with both values and a curl per lane', () => {
  const detail: DifferenceDetail = {
    schemaVersion: 1,
    class: found,
    reproduce: {
      legacy: 'curl -s http://127.0.0.1:8081/orders/17',
      candidate: 'curl -s http://127.0.0.1:7001/orders/17',
    },
  };
  expect(differenceText(detail, plain, 80)).toMatchInlineSnapshot(`
    "Class      0123456789abcdef   json_type at /total
    Verdict    not seen in this epoch
    Endpoint   GET /orders/{id}   route api
    Seen       412 times, first 2026-11-23 14:02:11Z, last 2026-11-23 14:02:26Z

    Example    first: request a1-7 (shadow) at 2026-11-23 14:02:11Z
    Request    GET /orders/17
              LEGACY                              CANDIDATE
    > /total  10.5                                (absent)

    Reproduce:
      curl -s http://127.0.0.1:8081/orders/17
      curl -s http://127.0.0.1:7001/orders/17
      or: cutover differences replay 0123456789abcdef
    "
  `);
});

const judgement = {
  verdict: 'noise',
  reason: 'NOISE',
  pattern: null,
  epoch: 2,
  pairs: 90,
  ofPairs: 1_000,
  share: { estimate: 0.09, low: 0.06, high: 0.13 },
  triples: 1_000,
  plus: 8,
  minus: 9,
  both: 82,
  candidate: { estimate: 0.09, low: 0.05, high: 0.14 },
  noise: { estimate: 0.091, low: 0.05, high: 0.14 },
  excess: { estimate: -0.001, low: -0.02, high: 0.02 },
  latency: {
    legacy: { samples: 90, p50Ms: 3.1, p99Ms: null },
    candidate: { samples: 90, p50Ms: 4, p99Ms: null },
  },
} as const;

test('a class with triples says what share it has, and learned rules wait for a person', () => {
  const noisy = { ...found, judgement };
  const rule = '{ path: "body/total", endpoints: ["GET /orders/{id}"], ignore: [json_type] }';
  const differences: Differences = {
    schemaVersion: 1,
    compared: 3_002,
    total: 1,
    classes: [noisy],
    proposals: [{ class: found.id, endpoint: found.endpoint, path: '/total', kind: 'json_type', rule }],
    rules: [
      {
        id: 'abcdefabcdef',
        path: 'headers/x-build',
        endpoints: [],
        does: 'ignore',
        reason: 'a build number',
        owner: 'team-shop',
        expiresMs: Date.UTC(2027, 1, 1),
        pairs: 0,
      },
    ],
    ignored: 12,
  };
  expect(differencesText(differences, plain)).toMatchInlineSnapshot(`
    "ID                COUNT  SHARE  VERDICT  KIND       ENDPOINT          PATH    LEGACY -> CANDIDATE  LAST SEEN
    0123456789abcdef    412  9.00%  noise    json_type  GET /orders/{id}  /total  10.5 -> (absent)     2026-11-23 14:02:26Z
    1 class in 3,002 compared pairs; look at one: cutover differences show ID

    Legacy itself shows 1 class as often. Rules that would ignore them, for you to accept:
      0123456789abcdef  { path: "body/total", endpoints: ["GET /orders/{id}"], ignore: [json_type] }
      cutover differences ignore ID --reason TEXT --owner NAME --expires 90d

    1 rule in force; in 12 pairs nothing differs but what they hide, which is no agreement
      abcdefabcdef  ignore headers/x-build: hid nothing in this epoch: is it still needed?; a build number (team-shop), until 2027-01-31
    "
  `);
  const detail: DifferenceDetail = { schemaVersion: 1, class: noisy, proposal: rule, reproduce: null };
  expect(explainText(detail)).toMatchInlineSnapshot(`
    "0123456789abcdef   json_type at /total
    GET /orders/{id}

    noise: legacy shows it when it is asked twice, and the candidate at the most half as often again.
    Of 1,000 triples of this endpoint (a request answered by legacy, the candidate and legacy again):
      only the candidate differed      8
      only legacy's second answer did  9
      both did                         82
    The candidate differs in           9.00% (5.00% to 14.00%)
    Legacy differs from itself in      9.10% (5.00% to 14.00%)
    Excess of the candidate            -0.10% (-2.00% to 2.00%)
    The bounds hold however often they are looked at; the class has its part of a 5% chance of error for all classes.
    Proposed rule: { path: "body/total", endpoints: ["GET /orders/{id}"], ignore: [json_type] }
    "
  `);
});

test('a class is shown with its examples side by side, in the width there is', () => {
  const answer = { status: 200, bodyBytes: 1_204, totalUs: 3_100 };
  const example = {
    ...found.example,
    target: '/orders/17?token=‹masked:query›',
    others: [{ kind: 'header_value', path: 'x-build', legacy: 'a '.repeat(30).trim(), candidate: 'b' }],
    legacy: answer,
    candidate: { ...answer, bodyBytes: 1_206 },
  } as NonNullable<typeof found.example>;
  const detail: DifferenceDetail = {
    schemaVersion: 1,
    class: { ...found, example, judgement },
    smallest: example,
    latest: { ...example, requestId: 'a1-9' },
    reproduce: { legacy: 'curl x', candidate: 'curl y', missing: ['the field cookie'] },
  };
  expect(differenceText(detail, plain, 72)).toMatchInlineSnapshot(`
    "Class      0123456789abcdef   json_type at /total
    Verdict    noise: the candidate differs in 9.00% of 1,000 triples, legacy from itself in 9.10%
    Endpoint   GET /orders/{id}   route api
    Seen       412 times, first 2026-11-23 14:02:11Z, last 2026-11-23 14:02:26Z
    Share      9.00% (6.00% to 13.00%): 90 of 1,000 pairs in epoch 2
    Latency    legacy p50 3.1 ms p99 -; candidate p50 4.0 ms p99 -; of the pairs that showed it

    Example    first, smallest: request a1-7 (shadow) at 2026-11-23 14:02:11Z
    Request    GET /orders/17?token=‹masked:query›
              LEGACY                          CANDIDATE
    > /total  10.5                            (absent)
    x-build   a a a a a a a a a a a a a a a   b
              a a a a a a a a a a a a a a a
    status    200                             200
    body      1,204 bytes                     1,206 bytes
    time      3.1 ms                          3.1 ms

    Example    latest: request a1-9 (shadow) at 2026-11-23 14:02:11Z
    Request    GET /orders/17?token=‹masked:query›
              LEGACY                          CANDIDATE
    > /total  10.5                            (absent)
    x-build   a a a a a a a a a a a a a a a   b
              a a a a a a a a a a a a a a a
    status    200                             200
    body      1,204 bytes                     1,206 bytes
    time      3.1 ms                          3.1 ms

    Reproduce (masked, so it is not in there: the field cookie):
      curl x
      curl y
      or: cutover differences replay 0123456789abcdef
    "
  `);
});

test.each([
  ['status', 'status', 'status'],
  ['status', 'status/302-200', 'status 302 -> 200'],
  ['regressed', 'status/200-500', 'regressed: status 200 -> 500'],
  ['json_type', '/total', 'json_type at /total'],
  ['json_invalid', '', 'json_invalid at the whole document'],
  ['encoding', 'content-encoding', 'encoding: content-encoding'],
  ['body_text', 'body', 'body_text: the body as a whole'],
] as const)('a class of %s at %j reads as a person would say it', (kind, path, said) => {
  const detail: DifferenceDetail = { schemaVersion: 1, class: { ...found, kind, path }, reproduce: null };
  expect(differenceText(detail, plain, 80).split('\n')[0]).toBe(`Class      0123456789abcdef   ${said}`);
});

test('what a server sent cannot command the terminal', () => {
  const evil = {
    ...found,
    endpoint: 'GET /\x1b[2J',
    path: '/\r/x',
    example: { ...found.example, target: '/\x07' },
  };
  const hostile = {
    ...evil,
    example: { ...evil.example, difference: { ...difference, legacy: '\x1b]0;owned\x07' } },
  };
  const detail = { schemaVersion: 1, class: hostile, reproduce: null } as DifferenceDetail;
  const list = { schemaVersion: 1, compared: 1, total: 1, classes: [hostile] } as Differences;
  expect(differenceText(detail, plain, 80) + differencesText(list, plain)).not.toMatch(/[^\P{Cc}\n]/u);
  expect(safe('a\x1bb')).toBe('a\\x1bb');
});

const hash = 'ab'.repeat(32);
const history: History = {
  schemaVersion: 1,
  intact: true,
  total: 2,
  entries: [
    {
      sequence: 1,
      atMs: Date.UTC(2026, 10, 23, 11, 17, 30),
      who: 'controller',
      verb: 'start',
      from: null,
      to: { phase: 'shadow', step: 0 },
      reason: '',
      region: null,
      forced: false,
      epoch: 1,
      evidenceHash: null,
      previousHash: '0'.repeat(64),
      hash,
    },
    {
      sequence: 2,
      atMs: Date.UTC(2026, 10, 23, 14, 2, 11),
      who: 'ada',
      verb: 'advance',
      from: { phase: 'shadow', step: 0 },
      to: { phase: 'regional', step: 1 },
      reason: 'reviewed',
      region: null,
      forced: true,
      epoch: 2,
      evidenceHash: null,
      previousHash: hash,
      hash,
    },
  ],
};

const applied: AppliedAnswer = {
  schemaVersion: 1,
  changed: true,
  stored: true,
  survivesRestart: true,
  inEffect: true,
  missingPids: [],
  needRestart: [],
  warnings: [],
  rollout: {
    phase: 'regional',
    step: 1,
    sequence: 2,
    epoch: 2,
    paused: false,
    bypass: false,
    sinceMs: 0,
    lastGood: { phase: 'regional', step: 0 },
  },
  entry: history.entries[1] as History['entries'][number],
};

test('a change says what did not go well', () => {
  appliedSchema.parse(applied);
  expect(changeText(applied)).toBe(
    'advanced from shadow to regional/2, forced (entry 2, epoch 2)\nUndo: cutover rollback --to shadow --reason TEXT\n',
  );
  const text = changeText({
    ...applied,
    stored: false,
    inEffect: false,
    missingPids: [7, 8],
    needRestart: ['workers'],
    warnings: ['a\x1b'],
  });
  expect(text.split('\n').slice(1, 5)).toEqual([
    'The store is down: this is in effect, and is stored when it is back.',
    'Not yet on every worker: pid 7, pid 8',
    'These keep their old value until a restart: workers',
    'Warning: a\\x1b',
  ]);
});

test('what was so already is not claimed to be a change', () => {
  const text = changeText({ ...applied, changed: false }, 'already paused in regional/2');
  expect(text).toBe('already paused in regional/2: nothing was changed (epoch 2)\n');
});

test('history is a table that says whether its chain holds', () => {
  expect(historyText(history, plain)).toMatchInlineSnapshot(`
    "#  WHEN                  WHO         VERB              CHANGE                EPOCH  HASH      WHY
    1  2026-11-23 11:17:30Z  controller  start             shadow                    1  abababab  -
    2  2026-11-23 14:02:11Z  ada         advance (forced)  shadow -> regional/2      2  abababab  reviewed
    entries: 2; the chain of hashes is intact
    "
  `);
});

test('a broken chain of history cannot be overlooked', () => {
  const broken = historyText({ ...history, intact: false, total: 9 }, plain);
  expect(broken).toContain('the newest 2 of 9 entries (--limit); THE CHAIN OF HASHES IS BROKEN');
});

test('a table aligns numbers to the right and has no trailing blanks', () => {
  const columns = [{ title: 'NAME' }, { title: 'N', right: true }, { title: 'X' }];
  expect(
    table(columns, [
      ['a', '1,000', ''],
      ['longer', '7'],
    ]),
  ).toBe('NAME        N  X\na       1,000\nlonger      7\n');
});

test('numbers are written for people with their units', () => {
  expect([0.42, 12.1, 850, null].map((ms) => milliseconds(ms))).toEqual([
    '0.42 ms',
    '12.1 ms',
    '850 ms',
    '-',
  ]);
  expect([7.7, -7.7, 0, null].map((ms) => signedMilliseconds(ms))).toEqual([
    '+7.7 ms',
    '-7.7 ms',
    '+0.00 ms',
    '-',
  ]);
  expect([0, 999, 61_000, 3_600_000, 100_000_000].map(age)).toEqual(['0s', '0s', '1m 1s', '1h', '1d 3h']);
  expect([counted(1, 'class'), counted(2, 'class'), counted(0, 'route')]).toEqual([
    '1 class',
    '2 classes',
    '0 routes',
  ]);
});

test('colours follow the terminal and the wishes of the user', () => {
  const on = (env: Record<string, string>, tty: boolean, wanted = true): boolean =>
    paintFor(fakeIo({ env, tty }).io, wanted).on;
  expect(on({}, true)).toBe(true);
  expect(on({}, false)).toBe(false);
  expect(on({ NO_COLOR: '1' }, true)).toBe(false);
  expect(on({ NO_COLOR: '1', FORCE_COLOR: '1' }, true)).toBe(false);
  expect(on({ TERM: 'dumb' }, true)).toBe(false);
  expect(on({ FORCE_COLOR: '1' }, false)).toBe(true);
  expect(on({}, true, false)).toBe(false);
});
