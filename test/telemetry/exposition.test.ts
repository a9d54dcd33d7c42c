import { expect, test } from 'vitest';
import { ClassTable } from '../../src/telemetry/classes.ts';
import { exposition } from '../../src/telemetry/exposition.ts';
import { Recorder } from '../../src/telemetry/recorder.ts';
import { WindowKeeper } from '../../src/telemetry/window.ts';

const gauges = {
  connections: 3,
  exchanges: 1,
  copiesInFlight: 0,
  copyBytes: 0,
  tunnels: 0,
  diffQueue: 0,
  rssBytes: 1,
  loopDelayMs: 0.5,
  accessLogDropped: 0,
};

function text(route: string): string {
  const recorder = new Recorder(new ClassTable((endpoint) => endpoint));
  const cell = recorder.book(1).copyCell(route, 'eu', 'shadow');
  cell.decide('sent');
  cell.conclude('compared');
  cell.judge('error', true, false);
  const keeper = new WindowKeeper(10_000);
  for (const delta of recorder.take(1, gauges)) keeper.add(delta);
  return exposition({
    build: '0.1.0',
    phase: 'shadow',
    bypass: false,
    epoch: 1,
    revision: 4,
    window: keeper.total(),
    workers: [{ slot: 0, gauges }],
  });
}

test('every line of the exposition is a comment or a sample of the text format', () => {
  const sample = /^[a-z_]+(\{[a-z_]+="(?:[^"\\\n]|\\.)*"(,[a-z_]+="(?:[^"\\\n]|\\.)*")*\})? -?[0-9.e+-]+$/;
  for (const line of text('all').trimEnd().split('\n')) {
    if (!line.startsWith('# ')) expect(line).toMatch(sample);
  }
});

test('each family is introduced once, with its help and its type', () => {
  const names = [...text('all').matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]);
  expect(new Set(names).size).toBe(names.length);
  expect([...text('all').matchAll(/^# HELP (\S+)/gm)].map((match) => match[1])).toEqual(names);
});

test('a label value can not break out of its quotes', () => {
  expect(text('a"} 1\nb\\')).toContain('route="a\\"} 1\\nb\\\\"');
});

test('copies, outcomes and joint outcomes are exposed by direction', () => {
  const lines = text('all');
  expect(lines).toContain(
    'cutover_copies_total{route="all",region="eu",direction="shadow",decision="sent"} 1',
  );
  expect(lines).toContain(
    'cutover_copy_outcomes_total{route="all",region="eu",direction="shadow",outcome="compared"} 1',
  );
  expect(lines).toContain(
    'cutover_pairs_only_bad_total{route="all",region="eu",direction="shadow",metric="error",lane="candidate"} 1',
  );
});
