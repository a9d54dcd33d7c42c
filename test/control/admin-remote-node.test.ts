import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { historySchema } from '../../src/control/schema/history.ts';
import { makeCertificate } from '../kit/certificate-maker.ts';
import { CERTIFICATES } from '../kit/certificates.ts';
import { freePorts } from '../kit/process.ts';
import { until } from '../kit/until.ts';
import { cli } from '../cli/kit.ts';
import type { Ran } from '../cli/kit.ts';
import { PEOPLE } from './admin-remote-kit.ts';
import { NodeFolder } from './kit/nodes.ts';

const [first, second] = ['11'.repeat(20), '22'.repeat(20)];
const REMOTE_ONLY = '/nowhere/cutover.yaml';

interface Remote {
  readonly place: NodeFolder;
  readonly port: number;
  /** A verb from another machine: no configuration, no run directory. */
  readonly from: (shown: readonly string[], ...argv: string[]) => Promise<Ran>;
  readonly file: (name: string, content: string) => string;
}

async function remoteNode(): Promise<Remote> {
  const place = new NodeFolder();
  onTestFinished(() => place.remove());
  const [port = 0, adminPort = 0] = await freePorts(2);
  place.adminPort = adminPort;
  const file = (name: string, content: string): string => {
    writeFileSync(join(place.folder, name), content, { mode: 0o600 });
    return join(place.folder, name);
  };
  file('ci.token', first);
  file('people.pem', PEOPLE.pem);
  await place.configure({
    admin: {
      address: `127.0.0.1:${adminPort}`,
      remote: {
        address: `127.0.0.1:${port}`,
        tls: {
          cert: join(CERTIFICATES, 'server.pem'),
          key: join(CERTIFICATES, 'server.key'),
          clientAuth: 'optional',
          clientCa: './people.pem',
        },
        principals: [
          { name: 'ci', role: 'operate', token: { file: './ci.token' } },
          { name: 'ops', role: 'admin', certificate: { email: '*@shop.example' } },
        ],
      },
    },
  });
  const at = ['--admin', `https://localhost:${port}`, '--ca', join(CERTIFICATES, 'ca.pem')];
  const from = (shown: readonly string[], ...argv: string[]) =>
    cli([...argv, '-c', REMOTE_ONLY, ...at, ...shown]);
  return { place, port, from, file };
}

test(
  'verbs work from another machine by token and by certificate, and the history has who it was',
  { timeout: 90_000 },
  async () => {
    const { place, from, file } = await remoteNode();
    const { log } = await place.start();
    const ada = makeCertificate({ by: PEOPLE, names: [['email', 'ada@shop.example']] });
    const token = ['--token-file', file('mine', `${first}\n`)];
    const certificate = ['--cert', file('ada.pem', ada.pem), '--key', file('ada.key', ada.key)];
    expect(await from(token, 'status')).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('shadow'),
    });
    expect(await from(token, 'advance', '--force', '--reason', 'x', '--yes')).toMatchObject({
      exitCode: 5,
      err: expect.stringContaining('the role admin is needed'),
    });
    expect(await from(certificate, 'advance', '--force', '--reason', 'x', '--yes')).toMatchObject({
      exitCode: 0,
    });
    expect(await from(token, 'rollback', '--reason', 'y', '--yes')).toMatchObject({ exitCode: 0 });
    expect(await from(token, 'bypass')).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('legacy'),
    });
    const { out } = await from(token, 'history', '--json');
    const who = historySchema.parse(JSON.parse(out)).entries.map((entry) => entry.who);
    expect(who).toEqual(expect.arrayContaining(['ada@shop.example@ops', 'ada@ci']));
    expect((await from(['--token-file', file('wrong', second)], 'status')).exitCode).toBe(5);
    await until(() => log().includes('wrong_token'), 'the refusal to be told');
  },
);

test('a reload takes a new token and lets the old one in no more', { timeout: 90_000 }, async () => {
  const { place, from, file } = await remoteNode();
  await place.start();
  const [old, fresh] = [file('old', first), file('fresh', second)];
  expect((await from(['--token-file', old], 'status')).exitCode).toBe(0);
  file('ci.token', second);
  expect((await from(['--token-file', old], 'reload')).exitCode).toBe(0);
  expect((await from(['--token-file', fresh], 'status')).exitCode).toBe(0);
  expect((await from(['--token-file', old], 'status')).exitCode).toBe(5);
});

test('what is wrong on the way to another machine is said with what to do', async () => {
  const { from, file, port } = await remoteNode();
  const token = file('mine', first);
  expect(await from(['--token-file', token], 'status')).toMatchObject({
    exitCode: 6,
    err: expect.stringContaining('admin.remote'),
  });
  expect(await from([], 'status')).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining('--token-file'),
  });
  expect(await from(['--cert', token], 'status')).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining('belong together'),
  });
  const open = file('open', first);
  chmodSync(open, 0o644);
  expect(await from(['--token-file', open], 'status')).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining('chmod 600'),
  });
  expect(
    await cli(['status', '--admin', `https://localhost:${port}/x`, '--token-file', token]),
  ).toMatchObject({ exitCode: 2, err: expect.stringContaining('https://HOST:PORT') });
  const env = { CUTOVER_ADMIN: `https://localhost:${port}`, CUTOVER_ADMIN_TOKEN_FILE: token };
  expect(await cli(['status'], { env })).toMatchObject({
    exitCode: 6,
    err: expect.stringContaining(`localhost:${port}`),
  });
});
