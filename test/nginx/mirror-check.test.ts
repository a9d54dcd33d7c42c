import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { checkMirror } from '../../src/nginx/mirror-check.ts';
import { readNginx } from '../../src/nginx/read.ts';
import { nginxTimeMs } from '../../src/nginx/scope.ts';
import { parseNginx } from '../../src/nginx/tree.ts';
import { cli } from '../cli/kit.ts';
import { REPOSITORY, sharedData } from '../kit/shared-data.ts';

const SNIPPET = join(REPOSITORY, 'deploy/nginx/mirror.conf');

/** Files of a test below a folder of its own. @returns the path of the first */
function written(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-nginx-check-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return join(folder, Object.keys(files)[0] ?? '');
}

test('the configuration of the guide has none of the traps', () => {
  expect(checkMirror(readNginx(SNIPPET))).toEqual([]);
});

const TRAPS: readonly [
  name: string,
  from: string | RegExp,
  to: string,
  severity: string,
  message: string,
  line: string,
][] = [
  [
    'a variable',
    'mirror /_cutover_mirror;',
    'mirror $cutover_share;',
    'error',
    'mirror takes no variable',
    'mirror $cutover_share',
  ],
  [
    'a target that is not there',
    'mirror /_cutover_mirror;',
    'mirror /_gone;',
    'error',
    'no location of its own takes /_gone',
    'mirror /_gone',
  ],
  [
    'no read timeout',
    '      proxy_read_timeout 250ms;\n',
    '',
    'error',
    'proxy_read_timeout is not set: 60s',
    'location = /_cutover_mirror',
  ],
  [
    'a long connect timeout',
    'proxy_connect_timeout 100ms;',
    'proxy_connect_timeout 5s;',
    'error',
    'proxy_connect_timeout is 5s',
    'proxy_connect_timeout 5s',
  ],
  [
    'its own name as target',
    'http://cutover$request_uri',
    'http://cutover',
    'error',
    'the name of this location',
    'proxy_pass http://cutover;',
  ],
  [
    'a length without a body',
    '      proxy_set_header Content-Length "";\n',
    '',
    'error',
    'waits for a body',
    'location = /_cutover_mirror',
  ],
  [
    'a body that NGINX has not read',
    '      proxy_pass_request_body off;\n',
    '',
    'error',
    'waits for a body',
    'location = /_cutover_mirror',
  ],
  [
    'a lost host',
    /( {6}# Bodies[^]*?) {6}proxy_set_header Host \$http_host;\n/,
    '$1',
    'error',
    'loses its Host',
    'location = /_cutover_mirror',
  ],
  [
    'uploads read as a whole',
    '      mirror_request_body off;\n',
    '',
    'warning',
    'each upload is read as a whole',
    'mirror /_cutover_mirror',
  ],
  [
    'a location for everybody',
    '      internal;\n',
    '',
    'warning',
    'everybody may ask',
    'location = /_cutover_mirror',
  ],
  [
    'no second server',
    / {4}server 127\.0\.0\.1:8089 backup;.*\n/,
    '',
    'warning',
    'it is never taken out',
    'upstream cutover',
  ],
  [
    'a time that includes the mirror',
    ',"urt":"$upstream_response_time"',
    '',
    'warning',
    '$request_time waits for the mirror',
    'log_format',
  ],
];

test.each(TRAPS)(
  'a trap in the configuration is found with its line: %s',
  (_name, from, to, severity, message, at) => {
    const text = readFileSync(SNIPPET, 'utf8');
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    const file = written({ 'nginx.conf': changed });
    const found = checkMirror(readNginx(file)).find((each) => each.message.includes(message));
    expect(found).toMatchObject({ severity, file });
    expect(changed.split('\n')[(found?.line ?? 0) - 1]).toContain(at);
    expect(found?.hint).toBeTruthy();
  },
);

test('timeouts and headers that are inherited count, and those that are replaced do not', () => {
  const conf = (
    inner: string,
  ) => `http { proxy_connect_timeout 100ms; proxy_send_timeout 100ms; proxy_read_timeout 100ms;
    proxy_set_header Host $host; proxy_set_header Content-Length ""; proxy_pass_request_body off; mirror_request_body off;
    upstream c { server 127.0.0.1:1; server 127.0.0.1:2 backup; }
    server { mirror /m; location / { proxy_pass http://127.0.0.1:3; }
      location = /m { internal; ${inner} proxy_pass http://c$request_uri; } } }`;
  expect(checkMirror(readNginx(written({ a: conf('') })))).toEqual([]);
  const messages = checkMirror(readNginx(written({ a: conf('proxy_set_header X-A b;') }))).map(
    ({ message }) => message,
  );
  expect(messages).toEqual([
    expect.stringContaining('waits for a body'),
    expect.stringContaining('loses its Host'),
  ]);
});

test('what a file includes is looked at, with its own name and lines', () => {
  const file = written({
    'nginx.conf': 'http { include sites/*.conf; include gone.conf; }',
    'sites/a.conf': '\nserver { location / { mirror $x; } }',
  });
  const problems = checkMirror(readNginx(file));
  expect(problems.map(({ severity, line, message }) => [severity, line, message.slice(0, 24)])).toEqual([
    ['warning', 1, expect.stringMatching(/^\//)],
    ['error', 2, 'mirror takes no variable'],
  ]);
  expect(problems[1]?.file).toBe(join(dirname(file), 'sites/a.conf'));
});

test('files that include each other end', () => {
  const problems = checkMirror(readNginx(written({ a: 'include a;' })));
  expect(problems.some(({ message }) => message.includes('include each other'))).toBe(true);
});

test.each([
  ['http {', 'a } is missing'],
  ['http { } }', 'an unexpected }'],
  ['listen 80', 'a ; is missing'],
  ['a "b', 'never closed'],
  [';', 'an unexpected ;'],
])('a text that is no configuration says where it ends to be one: %s', (text, message) => {
  expect(parseNginx('a', text).fault?.message).toContain(message);
});

test('quotes, escapes, variables in braces and code of other languages are read as NGINX reads them', () => {
  const text = `a "b;c" 'd\\'e' \${f}g; # ; comment\nif ($x ~ "\\.php$") { return 301 https://$host$request_uri; }\ncontent_by_lua_block { if a then return {} end }\nh;`;
  const { directives, fault } = parseNginx('f', text);
  expect(fault).toBeNull();
  expect(directives.map(({ name, args, line }) => [name, args, line])).toEqual([
    ['a', ['b;c', "d'e", '${f}g'], 1],
    ['if', ['($x', '~', '\\.php$', ')'], 2],
    ['content_by_lua_block', [], 3],
    ['h', [], 4],
  ]);
});

test('any text is read or refused, and never throws', () => {
  const part = fc.oneof(
    fc.string(),
    fc.constantFrom('{', '}', ';', '"', "'", '\\', '${', '#', '\n', 'mirror /m', 'location / '),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      const text = parts.join('');
      const { directives } = parseNginx('f', text);
      for (const { line, column } of directives) expect(line > 0 && column > 0).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('real configurations are read to their end', () => {
  const folder = sharedData('nginx') ?? join(REPOSITORY, 'test/fixtures/nginx');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.conf'),
  );
  expect(files.length).toBeGreaterThan(0);
  for (const name of files) {
    const file = join(folder, name);
    expect([name, parseNginx(file, readFileSync(file, 'utf8')).fault]).toEqual([name, null]);
  }
});

test('times are read as NGINX writes them', () => {
  expect(['250ms', '1s', '2', '1m 30s', '$t', ''].map(nginxTimeMs)).toEqual([
    250,
    1_000,
    2_000,
    90_000,
    null,
    null,
  ]);
});

test('check ends with 2 for a trap and 0 without one', async () => {
  expect(await cli(['check', '--nginx', SNIPPET])).toMatchObject({
    exitCode: 0,
    out: expect.stringContaining('none of the known traps'),
  });
  const bad = written({
    'nginx.conf': readFileSync(SNIPPET, 'utf8').replace('      proxy_read_timeout 250ms;\n', ''),
  });
  const { exitCode, out } = await cli(['check', '--nginx', bad]);
  expect([exitCode, out]).toEqual([
    2,
    expect.stringMatching(/nginx\.conf:\d+:5 \(location = \/_cutover_mirror\)/),
  ]);
  const json = await cli(['check', '--nginx', bad, '--json']);
  expect(JSON.parse(json.out)).toMatchObject({ ok: false, problems: [{ severity: 'error' }] });
});
