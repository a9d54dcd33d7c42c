import { expect, test } from 'vitest';
import { renderProblems } from '../../src/config/render.ts';
import { loadConfig } from '../../src/config/load.ts';
import { SMALLEST, problemsOf } from './kit.ts';

test('shows a problem as this text', () => {
  const text = `${SMALLEST}rollout:\n  windw: 10s\n  shadow: { sample: 10 }\n  canary: { match: [{ host: a.example, header: { x-canary: internal } }] }\n`;
  expect(renderProblems(problemsOf(text))).toBe(`error: unknown key "windw"
  --> cutover.yaml:5:3 (rollout.windw)
  5 |   windw: 10s
    |   ^^^^^
  hint: did you mean "window"?

error: expected a share
  --> cutover.yaml:6:21 (rollout.shadow.sample)
  6 |   shadow: { sample: 10 }
    |                     ^^
  hint: write it with its unit: 10%, 0.5%

warning: anybody who sends this gets the candidate
  --> cutover.yaml:7:40 (rollout.canary.match[0].header)
  7 |   canary: { match: [{ host: a.example, header: { x-canary: internal } }] }
    |                                        ^^^^^^
  hint: add from: CIDR, or take the value from { env: NAME }

2 errors, 1 warning in cutover.yaml
`);
});

test('shows a file that is not there as this text', () => {
  const result = loadConfig('nowhere/cutover.yaml');
  expect(result.ok ? '' : renderProblems(result.problems)).toBe(`error: there is no such file
  --> nowhere/cutover.yaml
  hint: write one: cutover init, or name one: -c FILE

1 error in nowhere/cutover.yaml
`);
});

test('keeps the caret under a value far to the right', () => {
  const line = `trustedProxies: [${'10.0.0.0/8, '.repeat(60)}10.0.0.0/99]`;
  const [problem] = problemsOf(`${SMALLEST}${line}\n`);
  const { text = '', caret = 0, width = 0 } = problem?.excerpt ?? {};
  expect(text.slice(caret, caret + width)).toBe('10.0.0.0/99');
  expect(text.length).toBeLessThanOrEqual(160);
});
