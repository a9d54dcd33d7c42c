import { expect, test } from 'vitest';
import { draw } from './draw.ts';
import { aborting, knownOf } from './samples.ts';

// Read by Ink's colour library when it is loaded: all tests of this file have colours.
process.env['FORCE_COLOR'] = '3';

const BLUE = '\x1b[38;2;0;114;178m';
const ORANGE = '\x1b[38;2;230;159;0m';
const INVERSE = '\x1b[7m';
const RED = '\x1b[31m';
const size = { columns: 120, rows: 40 };

test('legacy is blue and the candidate orange, beside their names', async () => {
  const screen = await draw(knownOf(), size);
  expect(screen).toMatch(new RegExp(`${escape(BLUE)} *legacy`));
  expect(screen).toMatch(new RegExp(`${escape(ORANGE)} *candidate`));
});

test('red is on the screen only when a gate is breached', async () => {
  expect(await draw(knownOf(), size)).not.toContain(RED);
  const screen = await draw(knownOf(aborting), size);
  expect(screen).toContain(RED);
  expect(screen).toContain('✗ ABORT');
});

test('the kill switch stands out without any colour of its own', async () => {
  const status = { ...aborting, rollout: { ...aborting.rollout, bypass: true } };
  expect(await draw(knownOf(status), size)).toMatch(new RegExp(`${escape(INVERSE)}[^\n]*BYPASS ON`));
});

function escape(text: string): string {
  return text.replace(/[[\]]/g, '\\$&');
}
