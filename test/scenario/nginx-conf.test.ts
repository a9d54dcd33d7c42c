import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fillText, fillValue } from '../../src/scenario/fill.ts';
import { rehearsalConf } from '../../src/scenario/nginx-conf.ts';
import { REPOSITORY } from '../kit/shared-data.ts';

const NAMES = { PORT: '2001', legacy: 'http://127.0.0.1:2002', 'legacy.address': '127.0.0.1:2002' };

test('known names are filled in and variables of NGINX stay', () => {
  const text = 'listen ${PORT}; server ${legacy.address}; set $a ${request_id}; return 200 "$a${legacy}";';
  expect(fillText(text, NAMES)).toBe(
    'listen 2001; server 127.0.0.1:2002; set $a ${request_id}; return 200 "$ahttp://127.0.0.1:2002";',
  );
});

test('names are filled into every text of a value and never into keys', () => {
  const value = { '${PORT}': ['${PORT}', { deep: '${legacy}' }], number: 1, nothing: null };
  expect(fillValue(value, NAMES)).toEqual({
    '${PORT}': ['2001', { deep: 'http://127.0.0.1:2002' }],
    number: 1,
    nothing: null,
  });
});

const CONF = `user www-data;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log warn;
daemon on;
http {
  proxy_temp_path mine;
  server { listen 1; }
}
`;

test('the process stays in the foreground and writes below its prefix only', () => {
  const conf = rehearsalConf(CONF, false);
  expect(conf).toMatch(/^daemon off;\npid nginx\.pid;\nerror_log stderr info;\n/);
  expect(conf).not.toMatch(/www-data|\/run|\/var|daemon on/);
  expect(conf.match(/proxy_temp_path/g)).toHaveLength(1);
  expect(conf).toMatch(/http \{\n {2}client_body_temp_path temp_client_body;/);
  expect(rehearsalConf(CONF, true)).toContain('user root;\n');
});

test('every NGINX file of the scenarios names its port and nothing that is not filled in', () => {
  const folder = join(REPOSITORY, 'scenarios/nginx');
  for (const file of readdirSync(folder)) {
    const text = readFileSync(join(folder, file), 'utf8');
    const names = [...text.matchAll(/\$\{[\w.]+\}/g)].map(([name]) => name);
    expect([file, names.includes('${PORT}')]).toEqual([file, true]);
    const known = ['${PORT}', '${service.address}', '${gateway.address}', '${legacy.address}'];
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
  }
});
