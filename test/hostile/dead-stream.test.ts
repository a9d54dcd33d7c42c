/**
 * Attack: a client that is gone when its filter answers. The filter's promise settles into an exchange that has ended:
 * it writes to a closed stream, forwards a request for nobody, or is released twice.
 * Known from: CVE-2026-26311, CVE-2026-26330 and CVE-2025-64527 (Envoy).
 * Why it works: a callback outlives what it was made for.
 * Cutover: an exchange ends once; whatever settles later finds it over and does nothing, and no request is forwarded for
 * a client that is known to be gone.
 */
import { expect, test } from 'vitest';
import type { GatewayConfig } from '../../src/core/snapshot.ts';
import type { JwtFilterConfig } from '../../src/core/token-policy.ts';
import { route, upstreamConfig } from '../kit/snapshot.ts';
import type { LenientUpstream } from './lenient-upstream.ts';
import { jwtConfig, keySetOf, signingKey, tokenOf } from '../kit/tokens.ts';
import { get, PATIENT, stage, statuses } from './kit.ts';

const key = await signingKey('k', 'RS256');
const token = await tokenOf(key);

function guarded(enforceAt: JwtFilterConfig['enforceAt']) {
  return ({ candidate }: { candidate: LenientUpstream }): Partial<GatewayConfig> => {
    const staff = jwtConfig({ text: keySetOf(key) }, { enforceAt });
    const upstreams = [upstreamConfig('candidate', candidate.url)];
    return {
      candidate: { upstreams, routes: [route('all', '/', { filters: ['staff'] })], filters: [staff] },
    };
  };
}

test.each(['edge', 'candidate'] as const)(
  'a client may leave at every moment of a filter, and nothing is left behind: %s',
  async (enforceAt) => {
    const on = await stage({ config: guarded(enforceAt), rollout: { phase: 'retired' } });
    const asked = `POST /x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Length: 5\r\n\r\nhello`;
    for (let turns = 0; turns < 40; turns += 1) {
      const client = on.client();
      await new Promise((resolve) => client.socket.once('connect', resolve));
      client.write(turns % 2 === 0 ? asked : asked.slice(0, -2));
      for (let turn = 0; turn < turns % 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      if (turns % 3 === 0) client.socket.end();
      else client.socket.resetAndDestroy();
    }
    await on.gateway.settled();
    await expect.poll(() => on.gateway.gateway.collect().at(-1)?.gauges.connections, PATIENT).toBe(0);
    for (const { method, target, body } of on.candidate.requests)
      expect(`${method} ${target} ${body}`).toBe('POST /x hello');
    on.candidate.forget();
    expect(statuses(await on.send(get('/next', `Authorization: Bearer ${token}`)))).toEqual([200]);
    expect(on.candidate.lines).toEqual(['GET /next']);
  },
);

test('a client that leaves while its token is checked causes no request', async () => {
  const on = await stage({ config: guarded('edge'), rollout: { phase: 'retired' } });
  for (let round = 0; round < 20; round += 1) {
    const client = on.client();
    await new Promise((resolve) => client.socket.once('connect', resolve));
    // Two requests in one packet: the second must not be looked at when the first one's client is gone.
    client.write(get('/x', 'Authorization: Bearer x') + get('/smuggled', 'Authorization: Bearer x'));
    client.socket.resetAndDestroy();
  }
  await on.gateway.settled();
  expect(on.candidate.bytes).toBe('');
});
