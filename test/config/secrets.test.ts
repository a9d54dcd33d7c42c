import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { redactConfig } from '../../src/config/compile.ts';
import { looksSecret, maskLine } from '../../src/config/redact.ts';
import { renderProblems } from '../../src/config/render.ts';
import { SMALLEST, compiled, folderWith, load, problemsOf, told } from './kit.ts';

const SECRET = 'q7Zp0rT4uKx9Lm2Vb8Nd';
const CANARY = 'rollout: { canary: { match: [{ header: { X-Canary: { env: KEY } } }] } }\n';

test('reads a secret from the environment and hides it in what is shown', () => {
  const config = compiled(SMALLEST + CANARY, { KEY: SECRET });
  expect(config.plan.canary.match[0]?.header).toEqual(['x-canary', SECRET]);
  expect(JSON.stringify(redactConfig(config))).not.toContain(SECRET);
  expect(JSON.stringify(config.gateway)).not.toContain(SECRET);
});

test('keeps a secret out of the hash, so that its rotation starts no new epoch', () => {
  const hash = (key: string) => compiled(SMALLEST + CANARY, { KEY: key }).gateway.hash;
  expect(hash(SECRET)).toBe(hash('another'));
  const literal = (value: string) =>
    compiled(
      `${SMALLEST}rollout: { canary: { match: [{ header: { x-canary: ${value} }, from: 10.0.0.0/8 }] } }\n`,
    );
  expect(literal('one').gateway.hash).not.toBe(literal('two').gateway.hash);
});

test('reads a secret from a file beside the configuration, without its line break', () => {
  const folder = folderWith({
    'cutover.yaml': `${SMALLEST}${CANARY.replace('env: KEY', 'file: key')}`,
    key: `${SECRET}\n`,
  });
  const result = loadConfig(join(folder, 'cutover.yaml'));
  expect(result.ok && result.config.plan.canary.match[0]?.header?.[1]).toBe(SECRET);
  expect(result.ok && result.warnings).toEqual([]);
});

test('takes credentials of the copy by reference, and hides them', () => {
  const text = `${SMALLEST}rollout: { shadow: { setHeaders: { Authorization: { env: KEY }, X-Env: shadow } } }\n`;
  const config = compiled(text, { KEY: SECRET });
  expect(config.gateway.shadow.setHeaders).toEqual([
    { name: 'Authorization', value: SECRET },
    { name: 'X-Env', value: 'shadow' },
  ]);
  expect(JSON.stringify(redactConfig(config))).not.toContain(SECRET);
  expect(compiled(text, { KEY: 'another' }).gateway.hash).toBe(config.gateway.hash);
});

test.each(['Host', 'content-length', 'Transfer-Encoding', 'x-cutover-copy', 'traceparent'])(
  'refuses to set a header of the copy that belongs to the gateway: %s',
  (name) => {
    const text = `${SMALLEST}rollout: { shadow: { setHeaders: { ${name}: x } } }\n`;
    expect(problemsOf(text)[0]?.message).toContain('belongs to the gateway');
  },
);

test('says which secret cannot be read', () => {
  expect(told(SMALLEST + CANARY)).toEqual(['4:59 the variable KEY is not set | set it: export KEY=…']);
  expect(told(SMALLEST + CANARY, { KEY: '' })).toEqual([
    '4:59 this secret is empty | write one line of printable ASCII',
  ]);
  expect(problemsOf(SMALLEST + CANARY, { KEY: 'a\r\nx: y' })[0]?.message).toContain('no header can carry');
});

test('shows no value of a variable in any message, whatever it is put into', () => {
  const places = [
    'runDir: { x: ${S} }',
    'admin:\n  address: ${S}',
    'workers: ${S}',
    'trustedProxies:\n  - ${S}',
    'node:\n  region: "${S}!"',
    'region:\n  header: "${S} x"\n  from: [10.0.0.0/8]',
    'rollout:\n  window: ${S}\n  regional:\n    steps:\n      - region: ${S}\n        share: 5%',
    'timeouts:\n  head: ${S}',
    'filters:\n  f:\n    jwt:\n      jwks:\n        file: ${S}\n      algorithms:\n        - ${S}',
    'rollout:\n  canary:\n    match:\n      - header:\n          x-canary:\n            file: ${S}',
    'accessLog:\n  file: a\n  sample: ${S}',
  ];
  for (const place of places) {
    const problems = problemsOf(`${SMALLEST}${place}\n`, { S: SECRET.replace('q', 'Q-') });
    expect(
      problems.some((problem) => problem.severity === 'error'),
      place,
    ).toBe(true);
    expect(JSON.stringify(problems), place).not.toContain(SECRET.slice(1));
  }
  const lanes =
    'listen: [{ address: a:1 }]\nlegacy:\n  servers:\n    - ${S}\ncandidate:\n  upstreams: { u: { servers: [http://u:1] } }\n  routes:\n    - name: ${S}\n      upstream: ${S}\n    - name: ${S}\n      upstream: ${S}\n      filters:\n        - ${S}\n';
  expect(JSON.stringify(problemsOf(lanes, { S: SECRET }))).not.toContain(SECRET);
});

test('masks secrets in the line that is shown', () => {
  const texts = [
    `admin: { address: 0.0.0.0:1, token: ${SECRET} }`,
    'admin: { address: 0.0.0.0:1, password: "a,b}hunter2" }',
    'admin:\n  address: 127.0.0.1:9901\n  api_key: a,b}hunter2',
    'accessLog: { fil: http://joe:hunter2@x }',
    `trustedProxies: [${SECRET}]`,
  ];
  for (const text of texts) {
    const shown = renderProblems(problemsOf(`${SMALLEST}${text}\n`));
    expect(shown).toContain('error');
    expect(shown, text).not.toMatch(/hunter2|q7Zp/);
  }
  const server = load(
    'listen: [{ address: a:1 }]\nlegacy: { servers: ["http://joe:hunter2@x"] }\ncandidate: { servers: [http://b] }\n',
  );
  expect(JSON.stringify(server)).toContain('a server takes no user and password');
  expect(JSON.stringify(server)).not.toMatch(/hunter2|joe/);
});

test('warns of a secret that stands in the file', () => {
  const text = `${SMALLEST}rollout: { canary: { match: [{ header: { x-canary: ${SECRET} }, from: 10.0.0.0/8 }] } }\n`;
  expect(told(text)).toEqual([
    '4:52 a secret stands in this file | write { file: /run/secrets/NAME } or { env: NAME }',
  ]);
});

test('takes names and words for what they are', () => {
  for (const name of [
    'internal',
    'eu-west-1',
    'shop-upstream-for-orders',
    '/run/secrets/canary-key-2',
    'shop1.internal.example.com',
  ]) {
    expect(looksSecret(name), name).toBe(false);
  }
  expect(looksSecret(SECRET)).toBe(true);
});

test('keeps the length of a line and lets no control character through', () => {
  const line = 'token: "hunter2" # \u001b[31m\u202e';
  expect(maskLine(line)).toBe('token: ********* # ?[31m?');
  expect(maskLine('\tpassword: ${NAME}')).toBe(' password: ${NAME}');
  expect(maskLine('password: ${NAME:-hunter2}')).not.toContain('hunter2');
});
