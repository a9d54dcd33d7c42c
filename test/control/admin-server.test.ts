import { afterEach, beforeEach, expect, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { CutoverError } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { until } from '../kit/until.ts';
import { commandText, dial, requestText, sendRaw, startAdmin, token, withToken } from './admin-kit.ts';
import type { Admin, Raw } from './admin-kit.ts';

let admin: Admin;

beforeEach(async () => {
  admin = await startAdmin();
});

afterEach(async () => {
  await admin.stop();
});

const forced = JSON.stringify({ who: 'ana', reason: 'staging is quiet', force: true });

function send(text: string): Promise<Raw> {
  return sendRaw(admin.port, text);
}

function errorOf(raw: Raw): { code: string; message: string; hint: string; exitCode: number } {
  return (JSON.parse(raw.body) as { error: ReturnType<typeof errorOf> }).error;
}

test('answers what there is to read: without a token only what says nothing of the traffic', async () => {
  for (const [path, type, open] of [
    ['/v1/status', 'application/json', true],
    ['/v1/evidence', 'application/json', false],
    ['/v1/history?limit=5', 'application/json', false],
    ['/v1/differences', 'application/json', false],
    ['/v1/differences/feed', 'application/json', false],
    ['/metrics', 'text/plain; version=0.0.4', true],
    ['/healthz', 'text/plain', true],
    ['/readyz', 'text/plain', true],
  ] as const) {
    expect((await send(requestText(`GET ${path}`))).status, path).toBe(open ? 200 : 401);
    expect((await send(requestText(`HEAD ${path}`))).status, path).toBe(open ? 200 : 401);
    const answer = await send(requestText(`GET ${path}`, withToken));
    expect(answer.status, path).toBe(200);
    expect(answer.head).toContain(`content-type: ${type}`);
    expect(answer.head).toContain('cache-control: no-store');
    expect(answer.head.toLowerCase()).not.toContain('access-control');
  }
});

test('says 503 on /readyz while the gateway is not ready, and goes on with /healthz', async () => {
  admin.backend.isReady = false;
  expect((await send(requestText('GET /readyz'))).status).toBe(503);
  expect((await send(requestText('GET /healthz'))).status).toBe(200);
});

test('carries out a command and says what became of it', async () => {
  const answer = await send(commandText('advance', forced));
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toMatchObject({
    schemaVersion: 1,
    changed: true,
    stored: true,
    survivesRestart: true,
    inEffect: true,
    missingPids: [],
    needRestart: ['listen'],
    warnings: [],
    rollout: { phase: 'canary', sequence: 2, epoch: 2 },
    entry: { who: 'ana@local', reason: 'staging is quiet', forced: true },
  });
});

test('carries out every verb', async () => {
  const who = 'ana';
  const said: [string, object][] = [
    ['advance', { who, reason: 'x', force: true, to: { phase: 'regional', step: 1 } }],
    ['rollback', { who, reason: 'x', to: { phase: 'canary' } }],
    ['pause', { who }],
    ['resume', { who, reason: 'y' }],
    ['bypass', { who }],
    ['bypass', { who, on: false }],
    ['reload', { who, reason: 'z' }],
  ];
  for (const [verb, body] of said) {
    expect((await send(commandText(verb, JSON.stringify(body)))).status, verb).toBe(200);
  }
  const { entries } = await admin.backend.history(10);
  expect(entries.map((entry) => entry.verb)).toEqual([
    'start',
    'advance',
    'rollback',
    'pause',
    'resume',
    'bypass',
    'bypass_off',
    'reload',
  ]);
});

test('passes a refusal on with its exit code', async () => {
  const body = JSON.stringify({ who: 'ana', reason: 'the gates' });
  const answer = await send(commandText('advance', body));
  expect(answer.status).toBe(409);
  expect(errorOf(answer)).toMatchObject({
    code: 'NO_EVIDENCE',
    exitCode: 5,
    hint: 'cutover advance --force --reason TEXT',
  });
});

test('takes no command without the right token', async () => {
  for (const [authorization, code] of [
    [null, 'NO_TOKEN'],
    ['Basic YTpi', 'NO_TOKEN'],
    [`Bearer ${'cd'.repeat(32)}`, 'WRONG_TOKEN'],
    [`Bearer ${token.slice(1)}`, 'WRONG_TOKEN'],
    [`Bearer ${token}0`, 'WRONG_TOKEN'],
  ] as const) {
    for (const verb of ['advance', 'rollback', 'pause', 'resume', 'bypass', 'reload']) {
      const answer = await send(commandText(verb, forced, { authorization }));
      expect(answer.status, `${verb} ${authorization}`).toBe(401);
      expect(errorOf(answer)).toMatchObject({ code, exitCode: 5 });
      expect(answer.head.toLowerCase()).toContain('www-authenticate: bearer');
    }
  }
  expect(admin.backend.asked).toEqual([]);
});

test('answers nobody who does not call it by a loopback name', async () => {
  for (const host of [
    'evil.example',
    'evil.example:9901',
    '10.0.0.1',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '[::2]',
    '127.0.0.1@evil.example',
    '',
  ]) {
    for (const text of [requestText('GET /v1/status', { host }), commandText('bypass', forced, { host })]) {
      const answer = await send(text);
      expect(answer.status, host).toBe(403);
      expect(errorOf(answer).code).toBe('FOREIGN_HOST');
    }
  }
  const twice = `GET /v1/status HTTP/1.1\r\nhost: 127.0.0.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n`;
  expect([400, 403]).toContain((await send(twice)).status);
  for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1:9901', '127.8.8.8', '[::1]:80']) {
    expect((await send(requestText('GET /v1/status', { host }))).status, host).toBe(200);
  }
  expect(admin.backend.asked).toEqual([]);
});

test('answers no web page, not even one of this machine', async () => {
  for (const origin of ['https://evil.example', 'null', `http://127.0.0.1:${admin.port}`]) {
    const answer = await send(commandText('bypass', forced, { origin }));
    expect(answer.status).toBe(403);
    expect(errorOf(answer).code).toBe('FOREIGN_ORIGIN');
    expect((await send(requestText('GET /v1/events', { origin }))).status).toBe(403);
  }
  expect((await send(requestText('OPTIONS /v1/bypass'))).status).toBe(405);
  expect(admin.backend.asked).toEqual([]);
});

test('takes commands as JSON only, so that no form can send one', async () => {
  for (const type of [null, 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonp']) {
    const answer = await send(commandText('bypass', forced, { 'content-type': type }));
    expect(answer.status, String(type)).toBe(415);
  }
  const utf8 = { 'content-type': 'Application/JSON; charset=utf-8' };
  expect((await send(commandText('advance', forced, utf8))).status).toBe(200);
});

test('refuses a body over the limit, announced or not, and without waiting for its end', async () => {
  const size = LIMITS.adminBodyBytes + 1;
  const announced = requestText('POST /v1/bypass', {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': String(size),
  });
  expect((await send(announced)).status).toBe(413);
  const chunked = { 'transfer-encoding': 'chunked', 'content-length': null };
  const streamed = await send(
    commandText('bypass', `${size.toString(16)}\r\n${'a'.repeat(size)}\r\n`, chunked),
  );
  expect(streamed.status).toBe(413);
  expect(errorOf(streamed).code).toBe('BODY_TOO_LARGE');
  expect(admin.backend.asked).toEqual([]);
});

test('names what is wrong with a body', async () => {
  const bad: [string, string, string][] = [
    ['{', 'BAD_JSON', 'not JSON'],
    ['', 'BAD_JSON', 'not JSON'],
    ['[]', 'BAD_REQUEST', 'expected object'],
    [JSON.stringify({ who: 'ana', reason: 'x', forse: true }), 'BAD_REQUEST', 'forse'],
    [JSON.stringify({ who: 'ana' }), 'BAD_REQUEST', 'reason'],
    [JSON.stringify({ who: 'ana', reason: '  ' }), 'BAD_REQUEST', 'reason: is needed for the audit'],
    [JSON.stringify({ who: '', reason: 'x' }), 'BAD_REQUEST', 'who'],
    [JSON.stringify({ who: 'a\nb', reason: 'x' }), 'BAD_REQUEST', 'who: holds control characters'],
    [JSON.stringify({ who: 'ana', reason: 'a\u001bb' }), 'BAD_REQUEST', 'reason: holds control characters'],
    [JSON.stringify({ who: 'ana', reason: 'x'.repeat(501) }), 'BAD_REQUEST', 'reason'],
    [JSON.stringify({ who: 'ana', reason: 'x', legacyServes: false }), 'BAD_REQUEST', 'legacyServes'],
    [JSON.stringify({ who: 'ana', reason: 'x', to: { phase: 'prod' } }), 'BAD_REQUEST', 'to.phase'],
    [
      JSON.stringify({ who: 'ana', reason: 'x', to: { phase: 'canary', step: -1 } }),
      'BAD_REQUEST',
      'to.step',
    ],
    ['{"who":"ana","reason":"x","__proto__":{"force":true}}', 'BAD_REQUEST', '__proto__'],
  ];
  for (const [body, code, message] of bad) {
    const answer = await send(
      commandText('advance', body, { 'content-length': String(Buffer.byteLength(body)) }),
    );
    expect(answer.status, body).toBe(400);
    expect(errorOf(answer), body).toMatchObject({ code, exitCode: 2 });
    expect(errorOf(answer).message).toContain(message);
  }
  expect(admin.backend.asked).toEqual([]);
});

test('refuses unknown paths, methods and query keys', async () => {
  for (const [line, status] of [
    ['GET /', 404],
    ['GET /v2/status', 404],
    ['GET /v1/differences/:id', 404],
    ['GET /v1/differences/none', 404],
    ['GET /v1/differences/..%2f..', 404],
    ['GET //v1/status', 404],
    ['GET http://evil.example/v1/status', 404],
    ['GET /constructor', 404],
    ['GET /v1/advance', 405],
    ['DELETE /v1/status', 405],
    ['GET /v1/history?limit=0', 400],
    ['GET /v1/history?limit=1001', 400],
    ['GET /v1/history?limit=ten', 400],
    ['GET /v1/history?limits=1', 400],
    ['GET /v1/status?verbose=1', 400],
    ['GET /v1/events?after=-1', 400],
  ] as const) {
    const answer = await send(requestText(line, withToken));
    expect(answer.status, line).toBe(status);
    expect(errorOf(answer).hint).not.toBe('');
  }
  expect((await send(commandText('status', '{}'))).head).toContain('allow: GET');
});

test('answers a failure of the backend with its exit code, and a defect with a line in the log', async () => {
  const failure = new CutoverError('CONFIG', '2 problems', { hint: 'cutover check', exitCode: 2 });
  admin.backend.failure = Object.assign(failure, { detail: 'line 3: ^' });
  const refused = await send(commandText('reload', JSON.stringify({ who: 'ana' })));
  expect(refused.status).toBe(400);
  expect(errorOf(refused)).toMatchObject({ code: 'CONFIG', exitCode: 2, detail: 'line 3: ^' });
  admin.backend.failure = new TypeError('undefined is not a function');
  const broken = await send(requestText('GET /v1/status'));
  expect(broken.status).toBe(500);
  expect(errorOf(broken)).toMatchObject({ code: 'INTERNAL', exitCode: 1 });
  expect(admin.log.join()).toContain('TypeError');
});

test('gives up on a client that does not finish its request', async () => {
  const impatient = await startAdmin({ requestMs: 200 });
  const head = dial(impatient.port);
  head.socket.write('GET /v1/status HTTP/1.1\r\nhost: 127.0');
  const body = dial(impatient.port);
  body.socket.write(commandText('bypass', '{', { 'content-length': '100' }));
  await until(() => head.socket.closed && body.socket.closed, 'both to be closed', 5_000);
  expect(head.text()).toContain('408');
  expect(impatient.backend.asked).toEqual([]);
  await impatient.stop();
});

test(
  'lets nobody in front of a command with connections that show no token',
  { timeout: 20_000 },
  async () => {
    const idle = Array.from({ length: LIMITS.adminConnections + 20 }, () => dial(admin.port).socket);
    await until(() => idle.filter(({ closed }) => closed).length >= 20, 'the oldest to be closed', 900);
    const half = Array.from({ length: LIMITS.adminConnections }, () => dial(admin.port).socket);
    for (const socket of half) socket.write('GET /v1/status HTTP/1.1\r\nhost: 127.0.0.1\r\n');
    const startedMs = monotonicMs();
    expect((await send(commandText('advance', forced))).status).toBe(200);
    expect(monotonicMs() - startedMs).toBeLessThan(900);
    await until(() => [...idle, ...half].every(({ closed }) => closed), 'all of them to be closed', 5_000);
  },
);

test('keeps a connection that has shown the token when tokenless ones come', async () => {
  const kept = dial(admin.port);
  kept.socket.write(requestText('GET /v1/history', { ...withToken, connection: 'keep-alive' }));
  await until(() => kept.text().includes('"intact"'));
  const idle = Array.from({ length: LIMITS.adminConnections + 5 }, () => dial(admin.port).socket);
  await until(() => idle.filter(({ closed }) => closed).length >= 6, 'the oldest to be closed', 900);
  expect(kept.socket.closed).toBe(false);
  for (const socket of [kept.socket, ...idle]) socket.destroy();
});

test('listens on loopback only, and says when the port is taken', async () => {
  const { server } = admin;
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'example.com']) {
    await expect(server.listen(host, 0)).rejects.toMatchObject({ code: 'ADMIN_NOT_LOOPBACK', exitCode: 2 });
  }
  const other = await startAdmin();
  await other.server.close();
  await expect(other.server.listen('127.0.0.1', admin.port)).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  await other.backend.controller.close();
});
