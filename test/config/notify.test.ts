import { join } from 'node:path';
import { expect, test } from 'vitest';
import { redactConfig } from '../../src/config/compile.ts';
import { isHookSecret } from '../../src/config/hook-url.ts';
import { loadConfig } from '../../src/config/load.ts';
import { maskLine } from '../../src/config/redact.ts';
import { renderProblems } from '../../src/config/render.ts';
import { NOTIFIED_EVENTS } from '../../src/core/events.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { SMALLEST, compiled, everyProblemOf, folderWith, problemsOf, told } from './kit.ts';

const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
const URL = 'https://hooks.example.com/T0PS3CR3T/cutover';
const one = (keys: string) => `${SMALLEST}notify: [{ ${keys} }]\n`;
const usual = one(`url: ${URL}, secret: { env: HOOK }`);

test('a receiver needs a URL and a secret, and hears of everything that is news', () => {
  expect(compiled(usual, { HOOK: SECRET }).notify).toEqual([
    {
      url: URL,
      secrets: [SECRET],
      events: NOTIFIED_EVENTS,
      timeoutMs: LIMITS.notifyTimeoutMs,
      giveUpAfterMs: LIMITS.notifyGiveUpMs,
    },
  ]);
  expect(compiled(SMALLEST).notify).toEqual([]);
});

test('takes a secret from a file, another one beside it, and its own choice of events and times', () => {
  const text = one(
    `url: ${URL}, secret: { file: new }, previousSecret: { file: old }, events: [gate, gate, transition], timeout: 2s, giveUpAfter: 1h`,
  );
  const old = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
  const folder = folderWith({ 'cutover.yaml': text, new: `${SECRET}\n`, old });
  const result = loadConfig(join(folder, 'cutover.yaml'));
  expect(result.ok && result.config.notify).toEqual([
    {
      url: URL,
      secrets: [SECRET, old],
      events: ['gate', 'transition'],
      timeoutMs: 2_000,
      giveUpAfterMs: 3_600_000,
    },
  ]);
});

test('receivers and their secrets are hidden in what is shown, and start no new epoch', () => {
  const config = compiled(usual, { HOOK: SECRET });
  expect(JSON.stringify(redactConfig(config))).not.toMatch(/whsec|T0PS3CR3T/);
  expect(config.gateway.hash).toBe(compiled(SMALLEST).gateway.hash);
  expect(JSON.stringify([config.gateway, config.plan, config.node])).not.toMatch(/whsec|T0PS3CR3T/);
});

test.each([
  ['url: hooks.example.com, secret: { env: HOOK }', /this URL cannot be read/],
  ['url: ftp://hooks.example.com/, secret: { env: HOOK }', /starts with https/],
  ['url: "https://ana:hunter2@hooks.example.com/", secret: { env: HOOK }', /no user and password/],
  ['url: "https://hooks.example.com/#a", secret: { env: HOOK }', /names no receiver/],
  [`url: "https://h.example/${'x'.repeat(3_000)}", secret: { env: HOOK }`, /this URL cannot be read/],
  [`url: ${URL}`, /the key "secret" is missing/],
  [`url: ${URL}, secret: ${SECRET}`, /expected a map of keys/],
  [`url: ${URL}, secret: { env: GONE }`, /GONE is not set/],
  [`url: ${URL}, secret: { env: SHORT }`, /whsec_ and 24 to 64 bytes.*openssl rand/],
  [`url: ${URL}, secret: { env: HOOK }, previousSecret: { env: SHORT }`, /whsec_ and 24 to 64/],
  [`url: ${URL}, secret: { env: HOOK }, events: [gates]`, /expected one of: .*did you mean "gate"/s],
  [`url: ${URL}, secret: { env: HOOK }, events: []`, /at least 1 entry/],
  [`url: ${URL}, secret: { env: HOOK }, timeout: 10m`, /from 100ms to 60s/],
  [`url: ${URL}, secret: { env: HOOK }, giveUpAfter: 0s`, /from 1s to 24h/],
  [`url: ${URL}, secret: { env: HOOK }, retries: 3`, /unknown key "retries"/],
])('refuses %s, and says why without its secrets', (keys, expected) => {
  const environment = { HOOK: SECRET, SHORT: 'whsec_c2hvcnQ=' };
  const problems = everyProblemOf(one(keys), environment);
  expect(problems.map(({ message, hint }) => `${message} ${hint ?? ''}`).join('\n')).toMatch(expected);
  expect(problems.some(({ severity }) => severity === 'error')).toBe(true);
  expect(renderProblems(problems)).not.toMatch(/T0PS3CR3T|hunter2|BQUFBQUF|c2hvcnQ/);
});

test('plain HTTP is warned of beyond this machine', () => {
  const at = (url: string) =>
    told(one(`url: "${url}", secret: { env: HOOK }`), { HOOK: SECRET }).filter((line) =>
      line.includes('plain HTTP'),
    );
  expect(at('http://hooks.example.com/x')).toEqual([
    '4:17 plain HTTP leaves this machine | use https: who reads along learns endpoints, names and reasons',
  ]);
  for (const here of ['http://127.0.0.1:9/x', 'http://localhost/', 'http://[::1]:9/', URL]) {
    expect(at(here)).toEqual([]);
  }
});

test('two receivers have two URLs', () => {
  const twice = `${SMALLEST}notify:\n  - { url: ${URL}, secret: { env: HOOK } }\n  - { url: ${URL}, secret: { env: HOOK } }\n`;
  expect(problemsOf(twice, { HOOK: SECRET })[0]).toMatchObject({
    path: 'notify[1].url',
    message: 'another receiver has this URL',
  });
});

test('more receivers than anybody has are refused', () => {
  const many = Array.from({ length: LIMITS.notifyReceivers + 1 }, (_, index) => ({
    url: `${URL}/${index}`,
    secret: { env: 'HOOK' },
  }));
  const text = `${SMALLEST}notify: ${JSON.stringify(many)}\n`;
  expect(problemsOf(text, { HOOK: SECRET })[0]?.message).toContain(`at most ${LIMITS.notifyReceivers}`);
});

test.each([
  [SECRET, true],
  [`whsec_${Buffer.alloc(24, 255).toString('base64')}`, true],
  [`whsec_${Buffer.alloc(64, 1).toString('base64').replace(/=+$/, '')}`, true],
  [`whsec_${Buffer.alloc(23, 1).toString('base64')}`, false],
  [`whsec_${Buffer.alloc(65, 1).toString('base64')}`, false],
  [Buffer.alloc(32, 1).toString('base64'), false],
  [`whsec_${'!'.repeat(44)}`, false],
  [`whsec_${Buffer.alloc(32, 255).toString('base64url')}`, false],
])('tells a secret of Standard Webhooks from other texts: %s', (text, expected) => {
  expect(isHookSecret(text)).toBe(expected);
});

test('a shown line of the file hides the path of a receiver', () => {
  const line = '  - { url: "https://hooks.example.com/services/T0/B0?key=1", secret: { env: HOOK } }';
  const shown = maskLine(line);
  expect(shown).toHaveLength(line.length);
  expect(shown).not.toMatch(/services|key=1/);
  expect(shown).toContain('https://hooks.example.com/*');
});
