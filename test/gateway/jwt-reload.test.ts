import { expect, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import type { GatewayConfig } from '../../src/core/snapshot.ts';
import type { JwtFilterConfig } from '../../src/core/token-policy.ts';
import { KeepAliveClient } from '../kit/http-client.ts';
import { inProcessGateway } from '../kit/in-process.ts';
import { keyServer } from '../kit/key-server.ts';
import { lanes } from '../kit/lanes.ts';
import { route, upstreamConfig } from '../kit/snapshot.ts';
import { jwtConfig, keySetOf, signingKey, tokenOf } from '../kit/tokens.ts';
import type { SigningKey } from '../kit/tokens.ts';
import { until } from '../kit/until.ts';

const LOAD_MS = 4_000;
const TURN_MS = 200;
const CLIENTS = 8;

test('no request fails while keys rotate and policies change under load, and revoked tokens never pass', async () => {
  let key: SigningKey = await signingKey('k0');
  const issuer = await keyServer(keySetOf(key));
  const both = await lanes();
  const rules = (more: Partial<JwtFilterConfig>): Partial<GatewayConfig> => ({
    candidate: {
      upstreams: [upstreamConfig('candidate', both.candidate.url)],
      routes: [route('api', '/', { filters: ['staff'] })],
      filters: [jwtConfig(issuer.keys({ cooldownMs: 1, maxAgeMs: 500 }), more)],
    },
  });
  const on = await inProcessGateway(both, { phase: 'retired' }, rules({}));
  const lost = { Authorization: `Bearer ${await tokenOf(key, { claims: { jti: 'lost' } })}` };
  const seen = new Map<string, number>();
  const note = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
  const load = { isOver: false };
  let served = 0;
  const clients = Array.from({ length: CLIENTS }, async (_, number) => {
    const client = new KeepAliveClient(on.url);
    for (let at = 0; !load.isOver; at += 1) {
      const token = await tokenOf(key, { claims: { jti: `${number}-${at % 5}` } });
      const headers = { Authorization: `Bearer ${token}` };
      const { status } = await client.request({ target: '/x', headers });
      if (status === 200) served += 1;
      else note(`good ${status}`);
    }
    client.close();
  });
  const revoked = ['lost'];
  on.apply({ config: rules({ revoked: [...revoked] }) });
  const untilMs = monotonicMs() + LOAD_MS;
  const attacker = new KeepAliveClient(on.url);
  for (let turn = 1; monotonicMs() < untilMs; turn += 1) {
    const next = await signingKey(`k${turn}`);
    // Published before the first token of it, as providers do; the former one stays for what is under way.
    issuer.publish(keySetOf(next, key));
    key = next;
    revoked.push(`gone-${turn}`);
    on.apply({ config: rules({ revoked: [...revoked] }) });
    const before = served;
    await until(() => served > before + CLIENTS, 'further requests');
    const { status } = await attacker.request({ target: '/x', headers: lost });
    if (status !== 401) note(`lost ${status}`);
    await new Promise((resolve) => setTimeout(resolve, TURN_MS));
  }
  load.isOver = true;
  attacker.close();
  await Promise.all(clients);
  expect(Object.fromEntries(seen)).toEqual({});
  expect(served).toBeGreaterThan(100);
  expect(on.log.filter((line) => !line.startsWith('info'))).toEqual([]);
});
