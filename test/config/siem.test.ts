import { join } from 'node:path';
import { expect, test } from 'vitest';
import { redactConfig } from '../../src/config/compile.ts';
import { adoptable } from '../../src/control/reload.ts';
import { CERTIFICATES } from '../kit/certificates.ts';
import { SMALLEST, compiled, problemsOf, told } from './kit.ts';

const SECRET = 'Qw3rty-Uiop-0987';
const ENV = { PW: SECRET };
const EVENTS = 'events: { file: ./siem.json }';
const STEPS = 'regional: { steps: [{ region: eu-west, share: 5% }] }';

function indexer(more = '', url = 'https://indexer:9200'): string {
  return `indexer: { url: "${url}", version: 4, username: cutover, password: { env: PW }${more} }`;
}

function text(siem: string, rollout = STEPS): string {
  return `${SMALLEST}node: { region: eu-west }\nsiem: { ${siem} }\nrollout: { ${rollout} }\n`;
}

test('reads the SIEM with its defaults, and the interval from the window', () => {
  const { node, plan } = compiled(text(`${EVENTS}, ${indexer()}`), ENV);
  expect(node.siem).toEqual({
    events: {
      file: join(process.cwd(), 'siem.json'),
      heartbeatMs: 10_000,
      maxBytes: 64 * 1024 * 1024,
      keep: 3,
    },
    indexer: {
      url: 'https://indexer:9200',
      version: 4,
      index: null,
      username: 'cutover',
      password: SECRET,
      ca: null,
      lagMs: 30_000,
      spanMs: 300_000,
      intervalMs: 10_000,
      timeoutMs: 3_000,
    },
  });
  expect(plan.gates.siem).toEqual({ minAlerts: 3, ratio: 2, level: 8, atOnce: 12, enforce: false });
  expect(plan.siemFreshMs).toBe(26_000);
  const quick = compiled(text(`${EVENTS}, ${indexer()}`, `window: 2s, ${STEPS}`), ENV);
  expect(quick.node.siem?.indexer?.intervalMs).toBe(2_000);
});

test('without an indexer no gate asks, and without siem nothing is written', () => {
  expect(compiled(text(EVENTS)).plan.gates.siem).toBeUndefined();
  expect(compiled(SMALLEST).node.siem).toBeNull();
  expect(problemsOf(text(EVENTS, `${STEPS}, gates: { siem: { level: 9 } }`))[0]?.message).toContain(
    'nobody asks the SIEM',
  );
});

test('hides the password, and its rotation starts no new epoch', () => {
  const config = compiled(text(`${EVENTS}, ${indexer()}`), ENV);
  expect(JSON.stringify(redactConfig(config))).not.toContain(SECRET);
  expect(compiled(text(`${EVENTS}, ${indexer()}`), { PW: 'other' }).gateway.hash).toBe(config.gateway.hash);
  const stricter = compiled(
    text(`${EVENTS}, ${indexer()}`, `${STEPS}, gates: { siem: { minAlerts: 2 } }`),
    ENV,
  );
  expect(stricter.gateway.hash).not.toBe(config.gateway.hash);
});

test('refuses a password that stands in the file, and shows none of it', () => {
  const problems = problemsOf(text(`${EVENTS}, ${indexer().replace('{ env: PW }', SECRET)}`));
  expect(problems[0]).toMatchObject({ path: 'siem.indexer.password', severity: 'error' });
  expect(JSON.stringify(problems)).not.toContain(SECRET);
  expect(told(text(`${EVENTS}, ${indexer()}`))[0]).toContain('the variable PW is not set');
});

test.each([
  ['sends no password in the clear', indexer('', 'http://indexer:9200'), 'would be sent in the clear'],
  ['knows that it needs heartbeats', '', 'can never find a heartbeat'],
  [
    'wants an authority that is one',
    indexer(`, ca: "${join(CERTIFICATES, 'server.key')}"`),
    'no certificate',
  ],
  ['wants TLS where there is an authority', indexer(', ca: ./x', 'http://127.0.0.1:9200'), 'speaks no TLS'],
  ['takes no path', indexer('', 'https://indexer:9200/wazuh'), 'has no path'],
  ['takes no user in the URL', indexer('', 'https://a:b@indexer:9200'), 'takes no user'],
  ['takes no unix socket', indexer('', 'unix:/run/x'), 'expected a URL'],
  ['asks often enough', indexer(', interval: 11s'), 'from 1s to 10s'],
  ['knows its versions', indexer().replace('version: 4', 'version: 6'), 'expected a whole number'],
  ['takes no odd index', indexer(', index: "a/../b"'), 'expected an index pattern'],
])('a check of the indexer %s', (_, part, message) => {
  const siem = part === '' ? indexer() : `${EVENTS}, ${part}`;
  const messages = problemsOf(text(siem), ENV).map((problem) => problem.message);
  expect(messages.join('\n')).toContain(message);
});

test('plain HTTP is fine on this machine, and an authority is read', () => {
  const plain = text(`${EVENTS}, ${indexer('', 'http://127.0.0.1:9200')}`);
  expect(problemsOf(plain, ENV)).toEqual([]);
  const ca = indexer(`, ca: "${join(CERTIFICATES, 'ca.pem')}"`);
  expect(compiled(text(`${EVENTS}, ${ca}`), ENV).node.siem?.indexer?.ca).toContain('BEGIN CERTIFICATE');
});

test('says where nobody would ask, and where two kinds of lines meet', () => {
  expect(problemsOf(text(`${EVENTS}, ${indexer()}`, 'window: 10s'), ENV)).toMatchObject([
    { severity: 'warning', path: 'siem.indexer' },
  ]);
  const both = `${text(EVENTS)}accessLog: { file: siem.json }\n`;
  expect(problemsOf(both)[0]?.message).toContain('the access log is written to this file');
});

test('a reload changes what is a breach, and names what needs a restart', () => {
  const siem = `${EVENTS}, ${indexer()}`;
  const running = compiled(text(siem), ENV);
  const stricter = compiled(text(siem, `${STEPS}, gates: { siem: { level: 5 } }`), ENV);
  const adopted = adoptable(running, stricter);
  expect(adopted.needRestart).toEqual([]);
  expect(adopted.config.plan.gates.siem?.level).toBe(5);
  expect(adopted.config.gateway.hash).toBe(stricter.gateway.hash);
});

test('a gate never waits for answers that nobody asks for until a restart, nor stops waiting before', () => {
  const [without, asking] = [compiled(text(EVENTS)), compiled(text(`${EVENTS}, ${indexer()}`), ENV)];
  const added = adoptable(without, asking);
  expect([added.needRestart, added.config.plan.gates.siem]).toEqual([['siem'], undefined]);
  expect(added.config.gateway.hash).toBe(without.gateway.hash);
  expect(JSON.stringify(redactConfig(added.config))).not.toContain(SECRET);
  const removed = adoptable(asking, without);
  expect([removed.needRestart, removed.config.plan.gates.siem]).toEqual([['siem'], asking.plan.gates.siem]);
  expect(removed.config.plan.siemFreshMs).toBe(26_000);
  expect(JSON.stringify(redactConfig(removed.config))).not.toContain(SECRET);
  expect(removed.config.gateway.hash).toBe(asking.gateway.hash);
});
