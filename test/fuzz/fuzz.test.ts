import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { Draw } from './draw.ts';
import { askOracle } from './llhttp.ts';
import { askOurs } from './ours.ts';
import { fuzz } from './run.ts';
import type { Subject } from './subject.ts';
import { openSubjects } from './subjects.ts';

/** The short form: a fixed seed, so that a red run is red again. `npm run fuzz` draws its own. */
const SEED = 20_261_124;
const MILLISECONDS = 3_500;

let subjects: Subject[] = [];
beforeAll(async () => {
  subjects = await openSubjects();
});
afterAll(async () => {
  for (const subject of subjects) await subject.close?.();
});

test.each([
  ['requests', 12_000],
  ['answers', 12_000],
  ['gateway', 1_500],
  ['upstream', 1_500],
  ['differences', 3_000],
])(
  'holds everything that is promised of hostile input: %s',
  async (name, executions) => {
    const subject = subjects.find((one) => one.name === name) as Subject;
    const outcome = await fuzz(subject, { seed: SEED, executions, milliseconds: MILLISECONDS });
    expect(outcome.failure).toBeNull();
    expect(outcome.executions).toBeGreaterThanOrEqual(subject.corpus.length);
  },
  60_000,
);

test('finds a planted defect and makes its input small', async () => {
  const planted: Subject = {
    name: 'planted',
    corpus: [],
    make: (draw) => `GET /${'x'.repeat(draw.below(50))}${draw.once(20) ? '\n\0' : ''}yyy HTTP/1.1\r\n\r\n`,
    check: (input) => (input.includes('\0') ? 'holds NUL' : null),
  };
  const { failure } = await fuzz(planted, { seed: 1, executions: 1_000, milliseconds: MILLISECONDS });
  expect(failure).toMatchObject({ problem: 'holds NUL', shrunk: '\0' });
  const again = await fuzz(planted, { seed: 1, executions: 1_000, milliseconds: MILLISECONDS });
  expect(again.failure).toEqual(failure);
});

test('reports an exception of a callback as a failure', async () => {
  const warns: Subject = {
    name: 'warns',
    corpus: [''],
    make: () => '',
    async check() {
      process.emitWarning('planted', 'WireDefect');
      await new Promise((resolve) => setImmediate(resolve));
      return null;
    },
  };
  // Node's own listener prints.
  const printers = process.listeners('warning');
  process.removeAllListeners('warning');
  const { failure } = await fuzz(warns, { seed: 1, executions: 5, milliseconds: MILLISECONDS });
  for (const printer of printers) process.on('warning', printer);
  expect(failure?.problem).toContain('a callback threw: planted');
});

test('accepts a fair share of what is made, so that both sides are compared', async () => {
  const draw = new Draw(seededRandom(SEED));
  const made = Array.from({ length: 500 }, () => Buffer.from(subjects[0]?.make(draw) ?? '', 'latin1'));
  const accepted = made.filter((input) => askOurs([input], 'request').messages.length > 0).length;
  const known = made.filter((input) => askOracle([input], 'request').messages.length > 0).length;
  expect(accepted).toBeGreaterThan(100);
  expect(accepted).toBeLessThan(450);
  expect(known).toBeGreaterThan(accepted);
});
