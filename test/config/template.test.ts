import { expect, test } from 'vitest';
import { configTemplate } from '../../src/config/template.ts';
import { compiled, load } from './kit.ts';

const TEMPLATE = configTemplate({ legacy: 'http://10.0.0.1:8081', candidate: 'http://[::1]:7001' });

test('writes a file that is valid without a warning', () => {
  const result = load(TEMPLATE);
  expect(result).toMatchObject({ ok: true, warnings: [] });
  const { gateway } = compiled(TEMPLATE);
  expect(gateway.legacy.servers).toEqual([{ scheme: 'http', host: '10.0.0.1', port: 8081 }]);
  expect(gateway.candidate.upstreams[0]?.servers).toEqual([{ scheme: 'http', host: '::1', port: 7001 }]);
});

test('starts with the line that editors complete its keys by', () => {
  expect(TEMPLATE.split('\n')[0]).toBe('# yaml-language-server: $schema=./cutover.schema.json');
});

test('is valid with every commented setting turned on', () => {
  const [head = '', rollout = ''] = TEMPLATE.split(/^(?=rollout:)/m);
  const settings = rollout.replaceAll(
    /^( *)# (?=canary:|regional:|accessLog:|differences:|  (?:match:|steps:|file:|rules:|  - \{))/gm,
    '$1',
  );
  const uncommented = `${head}node: { region: eu-west }\n${settings}`;
  const { plan, gateway } = compiled(uncommented);
  expect(plan.regional.steps).toHaveLength(2);
  expect(plan.canary.match).toHaveLength(1);
  expect(gateway.accessLog?.sample).toBe(1);
  expect(gateway.rules).toHaveLength(2);
});

test('refuses a URL that names no server', () => {
  const wrong = ['10.0.0.1:8081', 'ftp://a', 'http://a] }\nworkers: 1', 'http://a/b'];
  for (const legacy of wrong)
    expect(() => configTemplate({ legacy, candidate: 'http://b' }), legacy).toThrow(/--legacy/);
});
