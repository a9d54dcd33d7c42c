import { expect, test } from 'vitest';
import { until } from '../kit/until.ts';
import { stamped } from './admin-kit.ts';
import { jwtConfig, keySetOf, nowS, signingKey, tokenOf } from '../kit/tokens.ts';
import { askRemote, clientOf, holder, meeting, named, personOf, remoteAdmin } from './admin-remote-kit.ts';

const [reading, operating, mastering] = ['aa', 'bb', 'cc'].map((part) => part.repeat(20)) as [
  string,
  string,
  string,
];
const BY_TOKEN = [
  holder('board', 'read', reading),
  holder('ci', 'operate', operating),
  holder('lead', 'admin', mastering),
];
const OPS = { type: 'uri', match: 'prefix', value: 'spiffe://shop.example/ops/' } as const;
const move = { who: 'ada', reason: 'a test' };

test('each role does what it says and nothing beyond it', async () => {
  const { port, backend } = await remoteAdmin(BY_TOKEN);
  const [board, ci, lead] = [reading, operating, mastering].map((token) => clientOf(port, { token })) as [
    ReturnType<typeof clientOf>,
    ReturnType<typeof clientOf>,
    ReturnType<typeof clientOf>,
  ];
  expect((await board.status()).rollout.phase).toBe('shadow');
  expect(await board.metrics()).toContain('cutover_build_info');
  expect((await board.history()).entries.length).toBeGreaterThan(0);
  await expect(board.pause(move)).rejects.toMatchObject({ code: 'NOT_ALLOWED', exitCode: 5 });
  await expect(board.rollback(move)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  expect((await ci.pause(move)).changed).toBe(true);
  expect((await ci.resume(move)).changed).toBe(true);
  for (const chosen of [{ entry: 1 }, { text: '{}' }]) {
    await expect(ci.reload({ ...move, ...chosen })).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    expect((await lead.reload({ ...move, ...chosen })).changed).toBe(true);
  }
  expect((await ci.reload(move)).changed).toBe(true);
  await expect(board.configuration(1)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  await expect(ci.configuration(77)).rejects.toMatchObject({ code: 'NO_CONFIGURATION' });
  await expect(ci.advance({ ...move, force: true })).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  expect(backend.controller.state.phase).toBe('shadow');
  expect((await lead.advance({ ...move, force: true })).rollout.phase).toBe('canary');
  expect((await ci.rollback(move)).rollout.phase).toBe('shadow');
});

test('the audit has the principal, and of a certificate the name that was proven and not the one that was said', async () => {
  const { port } = await remoteAdmin([...BY_TOKEN, named('ops', 'operate', OPS)]);
  await clientOf(port, { token: operating }).pause({ who: 'root@local', reason: '' });
  await clientOf(port, { as: personOf('spiffe://shop.example/ops/ada') }).resume({ who: 'root', reason: '' });
  const { entries } = await clientOf(port, { token: reading }).history();
  const names = entries.filter(({ verb }) => verb !== 'start').map(({ who }) => who);
  expect(names.toSorted()).toEqual(['root@local@ci', 'spiffe://shop.example/ops/ada@ops']);
});

test('only who may do anything may push a configuration, or go back to one: it says who may what', async () => {
  const { port, backend } = await remoteAdmin(BY_TOKEN);
  const headers = (token: string) => ({
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
  });
  const push = async (token: string, body: object) => {
    const text = JSON.stringify({ ...move, ...body });
    return (await askRemote(port, '/v1/reload', { method: 'POST', headers: headers(token) }, text)).status;
  };
  const before = backend.controller.state.sequence;
  for (const body of [{ text: 'admin: {}' }, { entry: 1 }]) expect(await push(operating, body)).toBe(403);
  expect(backend.controller.state.sequence).toBe(before);
  expect(await push(mastering, { text: 'admin: {}' })).toBe(200);
  expect(await push(operating, {})).toBe(200);
});

test('the first principal that fits is who asks', async () => {
  const both = [
    named('one', 'read', { ...OPS, match: 'exact', value: `${OPS.value}ada` }),
    named('all', 'admin', OPS),
  ];
  const { port } = await remoteAdmin(both);
  const ada = clientOf(port, { as: personOf(`${OPS.value}ada`) });
  await expect(ada.pause(move)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  expect((await clientOf(port, { as: personOf(`${OPS.value}bob`) }).pause(move)).changed).toBe(true);
});

test('a token counts alone, also on a connection with a good certificate', async () => {
  const { port } = await remoteAdmin([named('ops', 'admin', OPS), ...BY_TOKEN]);
  const as = personOf(`${OPS.value}ada`);
  await expect(clientOf(port, { as, token: 'dd'.repeat(20) }).status()).rejects.toMatchObject({
    code: 'NOT_KNOWN',
  });
  await expect(clientOf(port, { as, token: reading }).pause(move)).rejects.toMatchObject({
    code: 'NOT_ALLOWED',
  });
});

test('tokens of an identity provider are principals by the policy that they meet, and stand in the audit by subject', async () => {
  const [key, other] = [await signingKey(), await signingKey('k2')];
  const policyOf = (role: string) =>
    jwtConfig({ text: keySetOf(key) }, { name: role, require: [{ claim: 'roles', contains: role }] });
  const { port, denials } = await remoteAdmin([
    meeting('sso-ops', 'operate', policyOf('ops')),
    meeting('sso', 'read', policyOf('staff')),
    ...BY_TOKEN,
  ]);
  const tokenFor = (roles: string[], by = key, claims: object = {}) =>
    tokenOf(by, { claims: { sub: 'ada', roles, ...claims } });
  const ops = clientOf(port, { token: await tokenFor(['ops', 'staff']) });
  expect((await ops.pause({ who: 'somebody', reason: '' })).entry.who).toBe('ada@sso-ops');
  const staff = clientOf(port, { token: await tokenFor(['staff']) });
  expect((await staff.status()).rollout.paused).toBe(true);
  await expect(staff.resume(move)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  const wrong = [
    await tokenFor(['guest']),
    await tokenFor(['ops'], other),
    await tokenFor(['ops'], key, { aud: 'another' }),
    await tokenFor(['ops'], key, { exp: nowS() - 60 }),
    `${(await tokenFor(['ops'])).slice(0, -4)}AAAA`,
    'a.b.c',
  ];
  for (const token of wrong)
    await expect(clientOf(port, { token }).status()).rejects.toMatchObject({ code: 'NOT_KNOWN' });
  expect(new Set(denials.map(({ reason }) => reason))).toEqual(
    new Set([
      'token_claim',
      'token_key',
      'token_audience',
      'token_expired',
      'token_signature',
      'token_malformed',
    ]),
  );
  expect((await clientOf(port, { token: operating }).resume(move)).changed).toBe(true);
});

test('another machine finds no hand-over, and no path is known to who is not known', async () => {
  const { port } = await remoteAdmin(BY_TOKEN);
  const body = JSON.stringify({ who: 'x', pid: 7, started: 'now', build: '1' });
  const headers = { authorization: `Bearer ${mastering}`, 'content-type': 'application/json' };
  expect((await askRemote(port, '/v1/hand-over', { method: 'POST', headers }, body)).status).toBe(404);
  for (const path of ['/', '/healthz', '/readyz', '/metrics', '/v1/status', '/nowhere']) {
    expect((await askRemote(port, path)).status).toBe(401);
  }
});

test('a new configuration is followed at once: who is out is out, streams and open connections included', async () => {
  const { port, desk, remote, backend } = await remoteAdmin(BY_TOKEN);
  const board = clientOf(port, { token: reading });
  const seen: number[] = [];
  const stream = (async () => {
    for await (const { sequence } of board.events()) seen.push(sequence);
  })().catch(() => undefined);
  await until(() => backend.listeners.size === 1, 'the stream to be there');
  backend.emit(stamped(1));
  await until(() => seen.length === 1, 'its first event');
  await desk.follow({ ...remote, principals: BY_TOKEN.slice(1) });
  await stream;
  expect(backend.listeners.size).toBe(0);
  await expect(board.status()).rejects.toMatchObject({ code: 'NOT_KNOWN' });
  expect((await clientOf(port, { token: operating }).status()).rollout.phase).toBe('shadow');
});

test('a command that takes its own principal away is still answered', async () => {
  const { port, desk, remote, backend } = await remoteAdmin(BY_TOKEN);
  const reload = backend.reload.bind(backend);
  backend.reload = async (author) => {
    await desk.follow({ ...remote, principals: BY_TOKEN.slice(0, 1) });
    return await reload(author);
  };
  const ci = clientOf(port, { token: operating });
  expect((await ci.reload(move)).changed).toBe(true);
  await expect(ci.pause(move)).rejects.toMatchObject({ code: 'NOT_KNOWN' });
});

test('the same configuration again disturbs nobody, and none at all frees the port', async () => {
  const { port, desk, remote, log } = await remoteAdmin(BY_TOKEN);
  await desk.follow(structuredClone(remote));
  expect(log).toHaveLength(1);
  await desk.follow(null);
  await expect(clientOf(port, { token: reading }).status()).rejects.toMatchObject({ code: 'UNREACHABLE' });
  await desk.follow(remote);
  expect((await clientOf(port, { token: reading }).status()).rollout.phase).toBe('shadow');
});

test('a port that is taken is told by its key and leaves nothing behind', async () => {
  const { desk, remote, log } = await remoteAdmin(BY_TOKEN);
  const other = await remoteAdmin(BY_TOKEN);
  await expect(desk.follow({ ...remote, port: other.port })).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  await desk.tryToFollow({ ...remote, port: other.port });
  expect(log.at(-1)).toContain('no other machine reaches the admin API');
  await desk.follow(remote);
  expect((await clientOf(remote.port, { token: reading }).status()).rollout.phase).toBe('shadow');
});
