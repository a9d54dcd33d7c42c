import { join } from 'node:path';
import { expect, test } from 'vitest';
import { explanationSchema, routesSchema } from '../../src/report/routes-schema.ts';
import { folderWith } from '../config/kit.ts';
import { cli } from './kit.ts';

const CONFIG = `
listen: [{ address: 127.0.0.1:8080, region: eu-west }]
admin: { address: 127.0.0.1:1 }
legacy: { servers: [http://127.0.0.1:8081] }
filters: { staff: { jwt: { jwks: { file: ./jwks.json } } }, door: { jwt: { jwks: { file: ./jwks.json } }, enforceAt: edge } }
candidate:
  upstreams: { shop: { servers: [http://127.0.0.1:7001, http://127.0.0.1:7002] }, new: { servers: [http://127.0.0.1:7003] } }
  routes:
    - { name: rest, upstream: shop }
    - { name: admin, match: { path: /admin }, upstream: shop, filters: [door] }
    - { name: user, match: { path: { template: '/users/{id}' } }, upstream: shop, filters: [staff] }
    - { name: beta, match: { path: { template: '/users/{id}' }, headers: { x-version: '2' }, query: { beta: true } }, upstream: new }
`;

async function run(...argv: string[]) {
  const jwks = JSON.stringify({
    keys: [
      {
        kty: 'OKP',
        crv: 'Ed25519',
        kid: 'a',
        alg: 'EdDSA',
        x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
      },
    ],
  });
  const folder = folderWith({ 'cutover.yaml': CONFIG, 'jwks.json': jwks });
  return await cli([...argv, '-c', join(folder, 'cutover.yaml')]);
}

test('routes lists the routes in the order in which they are asked', async () => {
  const { exitCode, out, err } = await run('routes', '--json');
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
  const found = routesSchema.parse(JSON.parse(out));
  expect(found.routes.map(({ name }) => name)).toEqual(['beta', 'user', 'admin', 'rest']);
  expect((await run('routes')).out).toMatch(
    /^ *1 +beta +\* +template \/users\/\{id\} +header x-version=2 \?beta +new +none$/m,
  );
});

test('explain says which route answers and on which condition each other one lost', async () => {
  const { exitCode, out, err } = await run('routes', 'explain', 'GET', 'http://shop/users/7?beta', '--json');
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
  const found = explanationSchema.parse(JSON.parse(out));
  expect(found.route).toMatchObject({ name: 'user', filters: ['staff'], edgeFilters: [] });
  expect(found.others).toEqual([
    { name: 'beta', why: 'header: x-version is not 2' },
    { name: 'admin', why: 'path: /users/7 is not prefix /admin' },
    { name: 'rest', why: 'it matches, and user comes before it' },
  ]);
  expect(found).toMatchObject({ lane: 'legacy', state: { source: 'configuration', phase: 'shadow' } });
  expect(found.copy).toEqual({ eligible: true, reason: null, share: 0.1 });
});

test('explain hears of fields, parameters and methods as the gateway does', async () => {
  const asked = [
    'routes',
    'explain',
    'POST',
    '/users/7?beta=1',
    '-H',
    'X-Version: 2',
    '-H',
    'Host: shop',
    '--json',
  ];
  const found = explanationSchema.parse(JSON.parse((await run(...asked)).out));
  expect(found.route?.name).toBe('beta');
  expect(found.copy).toEqual({ eligible: false, reason: 'method', share: 0 });
});

test('explain shows how servers read a path and whose guards hold for it', async () => {
  const { out } = await run('routes', 'explain', 'GET', '/x%2F..;/admin');
  expect(out).toBe('');
  const held = await run('routes', 'explain', 'GET', '/admin%2Fx');
  expect(held.out).toMatch(/^read as +\/admin\/x {2}\/admin%2Fx$/m);
  expect(held.out).toMatch(/^route +admin: \/admin$/m);
  expect(held.out).toMatch(/^filters +door \(edge\)$/m);
});

test('explain refuses what the gateway refuses, and what is no request', async () => {
  const refused = await run('routes', 'explain', 'GET', '/a/../../b');
  expect(refused.exitCode).toBe(2);
  expect(refused.err).toContain('refuses this request with 400');
  expect((await run('routes', 'explain', 'GET', '/', '--from', 'home')).exitCode).toBe(2);
  expect((await run('routes', 'explain', 'G T', '/')).exitCode).toBe(2);
  expect((await run('routes', 'explain', 'GET', 'http://a/', '-H', 'host: b')).exitCode).toBe(2);
});
