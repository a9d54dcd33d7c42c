import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readRules, decode } from '../../src/scenario/siem/rules.ts';
import { SIEM_EVENTS, encodeLine } from '../../src/siem/event-line.ts';
import type { SiemEvent } from '../../src/siem/event-line.ts';
import { severityOf } from '../../src/siem/window-lines.ts';
import { RULES } from '../kit/indexer.ts';
import { REPOSITORY, sharedData } from '../kit/shared-data.ts';
import { errorLines, heartbeat } from './kit.ts';

function matched(line: string) {
  const decoded = decode(line);
  return decoded === null ? null : RULES.match(decoded);
}

test('every kind of line has a rule that tells of it, with every name filled in', () => {
  for (const [event, names] of Object.entries(SIEM_EVENTS)) {
    const fields = Object.fromEntries(names.map((name) => [name, `<${name}>`]));
    const line = encodeLine({ event: event as SiemEvent, fields, key: null }, 'edge-1', 0, 0);
    const match = matched(line);
    expect(match?.level, event).toBeGreaterThanOrEqual(3);
    expect(match?.groups, event).toContain('cutover');
    expect(match?.description, event).not.toContain('$(');
    expect(match?.id, event).not.toBe('100500');
  }
});

test('windows with errors have the level of their severity, and legacy stands first', () => {
  const shown = { legacy: { requests: 1_000, bad: 1 }, candidate: { requests: 100, bad: 30 } };
  const levels = errorLines(shown).map((line) => [decode(line)?.['gateway.lane'], matched(line)?.level]);
  expect(levels).toEqual([
    ['legacy', 5],
    ['candidate', 12],
  ]);
  const both = errorLines({ legacy: { requests: 100, bad: 50 }, candidate: { requests: 100, bad: 1 } });
  expect(both.map((line) => decode(line)?.['gateway.lane'])).toEqual(['legacy', 'candidate']);
  expect(matched(errorLines({ candidate: { requests: 100, bad: 12 } })[0] ?? '')).toMatchObject({
    id: '100511',
    level: 8,
    groups: ['cutover', 'cutover_error'],
    description: 'Cutover: 12.00% of the answers of candidate in eu-west were bad',
  });
});

test('a share alone makes no window major, and a number alone neither', () => {
  expect([severityOf(6, 10), severityOf(9, 150), severityOf(9, 151)]).toEqual(['minor', 'major', 'minor']);
  expect([severityOf(19, 20), severityOf(25, 125), severityOf(25, 126)]).toEqual([
    'major',
    'critical',
    'major',
  ]);
});

test('of two lanes that fail alike, the one with few requests is not above a share by chance', () => {
  // Half a percent of 500 requests are 2.5 bad answers in the mean, and 5 of them would be one percent.
  expect(severityOf(14, 500)).toBe('minor');
  let chance = Math.exp(-2.5);
  let below = chance;
  for (let bad = 1; bad < 15; bad += 1) below += chance *= 2.5 / bad;
  expect(1 - below).toBeLessThan(1e-7);
});

test('nothing in a line is taken for a line of Suricata or Cloudflare', () => {
  for (const line of [heartbeat(), ...errorLines({ candidate: { requests: 10, bad: 1 } })]) {
    expect(Object.keys(JSON.parse(line) as object)).toEqual(['gateway']);
  }
});

test('the decoder leaves numbers as texts, and large ones as floats', () => {
  expect(decode('{"a":{"b":1763900000000,"c":5,"d":true,"e":["x",1]}}')).toEqual({
    'a.b': '1763900000000.000000',
    'a.c': '5',
    'a.d': 'true',
    'a.e': 'x,1',
  });
  expect([decode('[1]'), decode('"x"'), decode('{"a":')]).toEqual([null, null, null]);
});

test('refuses rules that it would evaluate wrongly', () => {
  const rule = (attributes: string, inner: string) =>
    `<group name="a,"><rule ${attributes}>${inner}</rule></group>`;
  expect(() => readRules(rule('id="1" level="3"', '<if_matched_sid>5</if_matched_sid>'))).toThrow(
    'if_matched_sid',
  );
  expect(() => readRules(rule('id="1" level="3" frequency="8"', ''))).toThrow('frequency');
  expect(() => readRules(rule('id="1" level="3"', '<field name="a">(b|c)</field>'))).toThrow('(b|c)');
});

/** `log 1 pass = LINE` with the rule and the level that Wazuh itself expects. */
function wazuhTests(text: string) {
  return [...text.matchAll(/log \d+ pass = (\{.*\})\nrule = (\d+)\nalert = (\d+)/g)].map(
    ([, line = '', rule, level]) => ({ line, rule, level }),
  );
}

test('says of the log lines in the tests of Wazuh what Wazuh says, where these are at hand', () => {
  const rules = sharedData('wazuh/4.x/rules/0935-cloudflare-waf_rules.xml');
  const lines = sharedData('wazuh/4.x/tests/cloudflare-waf.ini');
  if (rules === null || lines === null) return;
  const set = readRules(readFileSync(rules, 'utf8'));
  const cases = wazuhTests(readFileSync(lines, 'utf8'));
  expect(cases.length).toBeGreaterThanOrEqual(10);
  for (const { line, rule, level } of cases) {
    const match = set.match(decode(line) ?? {});
    expect([match?.id, String(match?.level)], line).toEqual([rule, level]);
  }
});

test('every kind of line is explained with all of its fields, and no other', () => {
  const rows = [
    ...readFileSync(join(REPOSITORY, 'docs/siem.md'), 'utf8').matchAll(
      /^\| `([a-z_]+)` \| [^|]+ \| ((?:`[a-z0-9_]+` ?)+) \|$/gm,
    ),
  ];
  const explained = rows.map(([, event = '', names = '']) => [
    event,
    [...names.matchAll(/\w+/g)].map(String),
  ]);
  expect(Object.fromEntries(explained)).toEqual(SIEM_EVENTS);
});
