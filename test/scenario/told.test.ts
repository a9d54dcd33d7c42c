import { expect, test } from 'vitest';
import { paintWith } from '../../src/cli/paint.ts';
import { rehearsalTeller, rehearsalText } from '../../src/cli/views/rehearsal.ts';
import type { Happening } from '../../src/scenario/happening.ts';
import type { RehearsalResult } from '../../src/scenario/result-schema.ts';
import { faultSchema } from '../../src/scenario/schema-faults.ts';
import { usualTimes } from '../../src/scenario/usual.ts';
import { trafficSchema } from '../../src/scenario/schema-traffic.ts';
import { gateSample } from '../cli/gate-sample.ts';

const paint = paintWith(false);

function told(...happenings: Happening[]): string {
  let text = '';
  const tell = rehearsalTeller((more) => (text += more), paint);
  for (const happening of happenings) tell(happening);
  return text;
}

const TRAFFIC = [trafficSchema.parse({ rate: '400/s', mix: [{ path: '/' }] })];

const opening = (legacy: string): Happening => ({
  kind: 'opening',
  opening: {
    scenario: 'small',
    about: 'a test',
    seed: 7,
    legacy,
    upstreams: { legacy, candidate: 'embedded' },
    changed: [
      { key: 'window', here: '1s', usual: '10s', needsMs: 10_000 },
      { key: 'shadow.timeout', here: '1s', usual: '10s', needsMs: null },
    ],
    usual: usualTimes(TRAFFIC, 2),
  },
});

test('the first screen says what legacy is, what was changed and what the defaults would take', () => {
  expect(told(opening('nginx 1.22.1'))).toBe(`Rehearsal small: a test
Legacy is a real NGINX 1.22.1. Servers: legacy (nginx 1.22.1), candidate (embedded). Seed 7.

PUBLIC SETTING          HERE  DEFAULT  THE DEFAULT NEEDS
rollout.window            1s      10s                10s
rollout.shadow.timeout    1s      10s                  -
With the defaults 400 requests/s give 40 pairs/s: 3,586 pairs that all agree take 1m 29s,
357 windows without a burst of errors 59m 30s;
the whole way would take 3d 1h: shadow 59m 30s, canary 1h, regional 2 × 1d, enforce 1d.

`);
  expect(told(opening('embedded'))).toContain('Legacy is embedded: the scripted answers of the scenario.');
});

const fault = (settings: object) => faultSchema.parse({ target: 'v1', ...settings });

test('each thing that happens is one line with its time', () => {
  const lines = told(
    { kind: 'serving', listeners: [{ address: '127.0.0.1:1', region: 'eu-west' }] },
    { kind: 'fault', on: true, fault: fault({ kind: 'error', share: '1%', path: '/orders' }) },
    { kind: 'fault', on: true, fault: fault({ kind: 'latency', slower: '20%' }) },
    { kind: 'fault', on: true, fault: fault({ kind: 'latency', delay: '400ms', share: '5%' }) },
    { kind: 'fault', on: false, fault: fault({ kind: 'restart' }) },
    { kind: 'configured', keys: ['candidate'] },
    { kind: 'position', from: 'shadow', to: 'canary' },
    { kind: 'withdrawn', region: 'eu-west' },
    { kind: 'gate', position: 'regional/2', gate: gateSample },
  );
  expect(lines).toBe(`00:00  the gateway serves on http://127.0.0.1:1 (eu-west); traffic starts
00:00  fault: v1 answers 1% of the requests to /orders with 500
00:00  fault: v1 answers every request 20% slower
00:00  fault: v1 answers 5% of the requests 400 ms later
00:00  end of the fault: v1 is down
00:00  cutover.yaml is changed: candidate
00:00  phase: shadow -> canary
00:00  taken back: legacy answers eu-west again
00:00  gate of regional/2: hold NOT_PROVEN: ${gateSample.message}
`);
});

const exit = { run: 'gate', expected: 3, code: 3, ok: true, tookMs: 640, output: 'ABORT\n\nwhy\n' };

test('an action is told when it begins, and with its output and exit code when it ends', () => {
  expect(told({ kind: 'runs', run: 'cutover gate' }, { kind: 'ran', exit })).toBe(`00:00  $ cutover gate
00:00    ABORT
00:00    why
00:00    exit 3 after 0.6 s
`);
  expect(told({ kind: 'ran', exit: { ...exit, code: 0, ok: false } })).toContain(
    'exit 0 after 0.6 s (expected 3)',
  );
});

test('control characters of a peer are shown and not obeyed', () => {
  expect(told({ kind: 'ran', exit: { ...exit, output: '\u001b[2Jgone' } })).toContain('\\x1b[2Jgone');
});

test('what came out is one line per promise, with what was there instead', () => {
  const promise = { name: 'no error', path: '/client/errors', op: 'eq', expected: 0 } as const;
  const result = {
    ok: false,
    ended: 'limit',
    durationMs: 12_345,
    folder: '/somewhere',
    expectations: [
      { ...promise, actual: 0, ok: true },
      { ...promise, name: 'twice', actual: 2, ok: false },
    ],
    exits: [{ ...exit, code: null, ok: false }],
    client: { requests: 1_234, errors: 2, bad: 3, p50Ms: 5.12, p99Ms: null },
  } as unknown as RehearsalResult;
  expect(rehearsalText(result, paint)).toBe(`
ok    no error
FAIL  twice: /client/errors eq 0, and it is 2
FAIL  cutover gate: exit none, not 3
Clients: 1,234 requests, 2 errors, 3 bad answers, p50 5.1 ms, p99 -
FAILED: 1 of 2 promises and 0 of 1 exit codes hold; it took longer than its limit (12.3 s)
Kept: /somewhere
`);
});
