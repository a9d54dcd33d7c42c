import { expect, test } from 'vitest';
import { appliedSchema } from '../../src/control/schema/commands.ts';
import type { AppliedAnswer } from '../../src/control/schema/commands.ts';
import type { History } from '../../src/control/schema/history.ts';
import { statusSchema } from '../../src/control/schema/status.ts';
import type { Status } from '../../src/control/schema/status.ts';
import { age, counted, milliseconds, signedMilliseconds } from '../../src/cli/format.ts';
import { paintFor, paintWith } from '../../src/cli/paint.ts';
import { changeText } from '../../src/cli/views/change.ts';
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

    Coverage: reads 90.00% by pairs, writes 10.00% unproven
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
    Where the p99 delta lies cannot be said yet: that takes about 2,000 pairs

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

const hash = 'ab'.repeat(32);
const history: History = {
  schemaVersion: 1,
  intact: true,
  total: 2,
  configurations: [],
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
