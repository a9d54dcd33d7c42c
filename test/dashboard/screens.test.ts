import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ASCII } from '../../src/dashboard/glyphs.ts';
import { withLoss } from '../../src/dashboard/known.ts';
import type { Known } from '../../src/dashboard/known.ts';
import { aborting, knownOf, regional } from './samples.ts';
import { draw, expectGolden, frameFor } from './draw.ts';
import type { Drawing } from './draw.ts';

const known = knownOf();

/** Everything that can be wrong at once. */
function troubled(): Known {
  const status = {
    ...aborting,
    rollout: { ...aborting.rollout, paused: true, bypass: true, withdrawn: ['us-east'] },
    store: { mode: 'stale' as const, message: 'the disk is full' },
  };
  const refused = 'connect ECONNREFUSED 127.0.0.1:9901';
  const lost = withLoss(knownOf(status), refused, regional.atMs + 150_000, regional.atMs + 151_000);
  return {
    ...withLoss(lost, refused, regional.atMs + 161_000, regional.atMs + 162_000),
    differencesProblem: 'run/admin.token cannot be read (run it as the user that runs the gateway)',
    eventsProblem: 'the stream of events has ended',
  };
}

const screens: [name: string, known: Known, drawing: Drawing][] = [
  ['overview-120x40', known, { columns: 120, rows: 40 }],
  ['overview-120x24', known, { columns: 120, rows: 24 }],
  ['overview-100x50', known, { columns: 100, rows: 50 }],
  ['overview-80x24', known, { columns: 80, rows: 24 }],
  ['overview-60x30', known, { columns: 60, rows: 30 }],
  ['overview-59x30', known, { columns: 59, rows: 30 }],
  ['overview-200x15', known, { columns: 200, rows: 15 }],
  ['overview-120x40-ascii', known, { columns: 120, rows: 40, glyphs: ASCII }],
  ['overview-80x40-abort', knownOf(aborting), { columns: 80, rows: 40 }],
  ['overview-120x40-trouble', troubled(), { columns: 120, rows: 40 }],
  ['overview-40x10-trouble', troubled(), { columns: 40, rows: 10 }],
  ['gates-100x40', known, { columns: 100, rows: 40, ui: { pane: 1 } }],
  ['gates-80x16-scrolled', known, { columns: 80, rows: 16, ui: { pane: 1, offset: 4 } }],
  ['differences-100x30', known, { columns: 100, rows: 30, ui: { pane: 2 } }],
  ['latency-80x40', known, { columns: 80, rows: 40, ui: { pane: 3 } }],
  ['differences-80x24-trouble', troubled(), { columns: 80, rows: 24, ui: { pane: 2 } }],
  ['events-80x24', known, { columns: 80, rows: 24, ui: { pane: 4 } }],
  ['help-80x30', known, { columns: 80, rows: 30, ui: { help: true } }],
  ['frozen-command-80x24', known, { columns: 80, rows: 24, ui: { pane: 2, frozen: known, command: true } }],
];

test.each(screens)('the screen %s stays as it was agreed', async (name, what, drawing) => {
  expectGolden(name, await draw(what, drawing));
});

test('no screen is taller than its terminal or wider', async () => {
  const sizes = fc.record({
    columns: fc.integer({ min: 1, max: 220 }),
    rows: fc.integer({ min: 2, max: 70 }),
  });
  const panes = fc.record({ pane: fc.integer({ min: 0, max: 4 }), help: fc.boolean(), offset: fc.nat(40) });
  const whats = fc.constantFrom(known, troubled());
  await fc.assert(
    fc.asyncProperty(sizes, panes, whats, async ({ columns, rows }, ui, what) => {
      const lines = (await draw(what, { columns, rows, ui })).split('\n');
      expect(lines.length).toBeLessThan(rows);
      expect(Math.max(...lines.map((line) => Array.from(line).length))).toBeLessThanOrEqual(columns);
    }),
    { numRuns: 60 },
  );
});

test('a terminal without UTF-8 gets nothing but ASCII', async () => {
  for (const pane of [0, 1, 2, 3, 4]) {
    for (const columns of [120, 90, 70, 50]) {
      const screen = await draw(troubled(), { columns, rows: 40, ui: { pane }, glyphs: ASCII });
      expect(screen).toMatch(/^[\x20-\x7e\n]*$/);
    }
  }
});

test('nothing a peer sends is obeyed by the terminal', async () => {
  const evil = 'x\x1b[2J\x9b31m\u202e\u200b\r\nend';
  const classes = known.differences?.classes ?? [];
  const hostile: Known = {
    ...known,
    status: {
      ...regional,
      build: evil,
      rollout: { ...regional.rollout, withdrawn: [evil] },
      shares: [{ region: evil, desired: 0.5, actual: 0.5, requests: 1 }],
      gate: {
        ...regional.gate,
        message: evil,
        metrics: regional.gate.metrics.map((metric) => ({ ...metric, region: evil })),
        requirements: [{ name: 'routes', met: false, reason: 'UNPROVEN_ROUTE', message: evil, etaS: null }],
        coverage: regional.gate.coverage.map((row) => ({ ...row, route: evil })),
      },
    },
    differences: {
      schemaVersion: 1,
      compared: 1,
      total: 1,
      classes: classes.slice(0, 1).map((each) => ({ ...each, endpoint: evil, path: evil })),
    },
    events: [{ atMs: 0, text: evil, tone: 'plain' }],
    eventsProblem: evil,
    lost: { message: evil, sinceMs: 0 },
  };
  for (const pane of [0, 1, 2, 4]) {
    const screen = await draw(hostile, { columns: 120, rows: 50, ui: { pane } });
    expect(screen).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    expect(screen).toContain('x\\x1b[2J\\x9b31m\\u202e\\u200b\\x0d\\x0aend');
  }
});

test('a region with wide characters breaks no line', async () => {
  const shares = [{ region: '東京リージョン', desired: 0.5, actual: 0.25, requests: 8 }];
  const lines = (await draw(knownOf({ ...regional, shares }), { columns: 80, rows: 40 })).split('\n');
  expect(lines.filter((line) => line.includes('desired 50%')).length).toBe(1);
  expect(lines.length).toBe(39);
});

test('a section that is cut says how much of it is seen', () => {
  const titles = frameFor(known, { columns: 80, rows: 24 }).stacks.flatMap(({ panels }) =>
    panels.map(({ title }) => title),
  );
  expect(titles[0]).toMatch(/^Gates \(\d+ of \d+ lines\)$/);
});
