import { expect, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { GatewayConfig, RolloutView } from '../../src/core/snapshot.ts';
import type { JwtFilterConfig, JwtKeys } from '../../src/core/token-policy.ts';
import { headerOf } from '../kit/answer-reader.ts';
import { fetchOnce } from '../kit/http-client.ts';
import { inProcessGateway } from '../kit/in-process.ts';
import { keyServer } from '../kit/key-server.ts';
import { lanes } from '../kit/lanes.ts';
import { route, upstreamConfig } from '../kit/snapshot.ts';
import { jwtConfig, keySetOf, signingKey, tokenOf } from '../kit/tokens.ts';
import type { SigningKey } from '../kit/tokens.ts';
import { until } from '../kit/until.ts';

const old = await signingKey('old');
const fresh = await signingKey('fresh');
const stranger = await signingKey('old');

/** `/open` asks for nothing, everything else for a token whose keys come from a URL. */
async function site(
  keys: JwtKeys,
  rollout: Partial<RolloutView> = {},
  filter: Partial<JwtFilterConfig> = {},
) {
  const both = await lanes();
  const rules = (more: Partial<JwtFilterConfig>): Partial<GatewayConfig> => ({
    candidate: {
      upstreams: [upstreamConfig('candidate', both.candidate.url)],
      routes: [route('open', '/open'), route('api', '/', { filters: ['staff'] })],
      filters: [jwtConfig(keys, { ...filter, ...more })],
    },
  });
  const running = await inProcessGateway(both, rollout, rules({}));
  const answerTo = async (key: SigningKey, claims: Record<string, unknown> = {}) =>
    await fetchOnce(running.url, {
      target: '/x',
      headers: { Authorization: `Bearer ${await tokenOf(key, { claims })}` },
    });
  const ask = async (key: SigningKey, claims: Record<string, unknown> = {}) =>
    (await answerTo(key, claims)).status;
  const open = async () => (await fetchOnce(running.url, { target: '/open' })).status;
  return { ...both, ...running, rules, answerTo, ask, open };
}

test('keys are fetched once before the first request, and not again for requests', async () => {
  const issuer = await keyServer(keySetOf(old));
  const on = await site(issuer.keys());
  for (let request = 0; request < 20; request += 1)
    expect(await on.ask(old, { jti: String(request) })).toBe(200);
  expect(issuer.asked()).toBe(1);
});

test('while its endpoint has never answered a token is neither good nor bad: 503, later, and no evidence', async () => {
  const issuer = await keyServer('{}');
  issuer.become((_, response) => void response.writeHead(500).end());
  const keys = issuer.keys({ cooldownMs: 100, maxAgeMs: 100 });
  const on = await site(keys, { tauUs: { api: 1_000_000, open: 1_000_000 } }, { enforceAt: 'candidate' });
  // The first pairs after a start are no evidence at all.
  for (let copy = 0; copy < LIMITS.warmUpPairs + 5; copy += 1) expect(await on.open()).toBe(200);
  const { joint } = (await on.settled()).pairs.shadow;
  expect([joint.error.n, joint.tail.n]).toEqual([5, 5]);
  for (let copy = 0; copy < 3; copy += 1) expect(await on.ask(old)).toBe(200);
  const shadowed = (await on.settled()).pairs.shadow;
  expect(shadowed.failures).toEqual({ keys_unavailable: 3 });
  expect(shadowed.joint).toEqual(joint);
  on.apply({ rollout: { phase: 'retired' } });
  on.candidate.forget();
  const answer = await on.answerTo(old);
  expect([answer.status, headerOf(answer, 'retry-after'), headerOf(answer, 'www-authenticate')]).toEqual([
    503,
    '1',
    undefined,
  ]);
  expect(on.candidate.count()).toBe(0);
  expect((await on.settled()).lanes.candidate.bad).toBe(0);
  expect(await on.open()).toBe(200);
  issuer.publish(keySetOf(old));
  await until(async () => (await on.ask(old)) === 200, 'the keys that are there at last');
});

test('while the endpoint is down the last known keys stay, also over a new configuration', async () => {
  const issuer = await keyServer(keySetOf(old));
  const on = await site(issuer.keys({ maxAgeMs: 50, cooldownMs: 50 }), { phase: 'retired' });
  expect(await on.ask(old)).toBe(200);
  issuer.become((request) => void request.socket.destroy());
  await until(() => on.log.some((line) => line.includes('the last known keys stay')), 'the word of it');
  const asked = issuer.asked();
  await until(() => issuer.asked() > asked + 3, 'further tries');
  on.apply({ config: on.rules({ forward: [{ header: 'X-User', claim: 'sub' }] }) });
  expect(await on.ask(old, { jti: 'uncached' })).toBe(200);
  expect(await on.ask(stranger)).toBe(401);
  // An endpoint that is down for a day is one line, and one more when it is back.
  const lines = () => on.log.filter((line) => line.includes('/jwks.json'));
  expect(lines().length).toBe(1);
  issuer.publish(keySetOf(old));
  await until(() => lines().length === 2, 'the word that it is back');
  expect(lines()[1]).toContain('are there again');
});

const LIES: readonly [string, string][] = [
  ['HTML', '<html>Sign in</html>'],
  ['nothing', ''],
  ['an empty set', '{"keys":[]}'],
  ['a shared secret', '{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"old"}]}'],
  ['two keys of one name', keySetOf(fresh, fresh)],
  ['a key for encryption', JSON.stringify({ keys: [{ ...fresh.jwk, use: 'enc' }] })],
  ['a damaged point', JSON.stringify({ keys: [{ ...fresh.jwk, x: fresh.jwk['y'] }] })],
];

test.each(LIES)('an endpoint that says %s changes no key', async (_, said) => {
  const issuer = await keyServer(keySetOf(old));
  const on = await site(issuer.keys({ maxAgeMs: 30, cooldownMs: 30 }), { phase: 'retired' });
  expect(await on.ask(old)).toBe(200);
  issuer.publish(said);
  await until(() => on.log.some((line) => line.includes('the last known keys stay')), 'the word of it');
  expect(await on.ask(old, { jti: 'uncached' })).toBe(200);
  expect(await on.ask(fresh)).toBe(401);
});

test('a redirect is not followed, wherever it leads', async () => {
  const elsewhere = await keyServer(keySetOf(fresh));
  const issuer = await keyServer('');
  for (const status of [301, 302, 303, 307, 308, 304]) {
    issuer.become((_, response) => void response.writeHead(status, { Location: elsewhere.url }).end());
    const on = await site(issuer.keys({ maxAgeMs: 60_000 + status }), { phase: 'retired' });
    expect(await on.ask(fresh)).toBe(503);
    expect(on.log.join()).toContain(`it answered ${status}`);
  }
  expect(elsewhere.asked()).toBe(0);
});

test('an answer without end is given up at the size that is configured, and holds nobody up', async () => {
  const issuer = await keyServer('');
  let sent = 0;
  issuer.become((_, response) => {
    const more = (): void => {
      while (!response.destroyed) {
        sent += 65_536;
        if (!response.write(Buffer.alloc(65_536, ' '))) break;
      }
    };
    response.on('drain', more);
    more();
  });
  const on = await site(issuer.keys({ maxBytes: 1_048_576 }), { phase: 'retired' });
  expect(await on.ask(old)).toBe(503);
  expect(on.log.join()).toContain('larger than 1048576 bytes');
  // What the kernel's buffers took on top of it.
  expect(sent).toBeLessThan(16 * 1_048_576);
});

test('an endpoint that trickles is given up in time, and other requests never wait for it', async () => {
  const issuer = await keyServer('');
  issuer.become((_, response) => {
    const timer = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(timer));
  });
  const on = await site(issuer.keys({ timeoutMs: 1_500 }), { phase: 'retired' });
  const startedMs = monotonicMs();
  expect(await on.open()).toBe(200);
  expect(monotonicMs() - startedMs).toBeLessThan(1_000);
  await until(() => on.log.some((line) => line.includes('were not fetched')), 'the end of the fetch');
  expect(await on.ask(old)).toBe(503);
});

test('a new key is known with the first token that names it, and its former one is dead at once', async () => {
  const issuer = await keyServer(keySetOf(old));
  const on = await site(issuer.keys({ cooldownMs: 1 }), { phase: 'retired' });
  const cached = await tokenOf(old);
  const ask = async (token: string) =>
    (await fetchOnce(on.url, { target: '/x', headers: { Authorization: `Bearer ${token}` } })).status;
  expect([await ask(cached), await ask(cached)]).toEqual([200, 200]);
  issuer.publish(keySetOf(fresh, old));
  expect(await on.ask(fresh)).toBe(200);
  expect(await ask(cached)).toBe(200);
  issuer.publish(keySetOf(fresh));
  expect(await on.ask(await signingKey('newest'))).toBe(401);
  // It was verified and remembered; the key that vouched for it is withdrawn.
  expect(await ask(cached)).toBe(401);
  expect(await on.ask(fresh)).toBe(200);
});

test('requests that wait for a new key in mid-flight are all served by one fetch', async () => {
  const issuer = await keyServer(keySetOf(old));
  const on = await site(issuer.keys({ cooldownMs: 1 }), { phase: 'retired' });
  expect(await on.ask(old)).toBe(200);
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  issuer.become((_, response) => void held.then(() => response.end(keySetOf(old, fresh))));
  const before = issuer.asked();
  const waiting = Array.from({ length: 30 }, async (_, index) => await on.ask(fresh, { jti: String(index) }));
  await until(() => issuer.asked() > before, 'the fetch');
  // Whoever has a known key does not wait.
  expect(await on.ask(old, { jti: 'meanwhile' })).toBe(200);
  release();
  expect(await Promise.all(waiting)).toEqual(Array.from({ length: 30 }, () => 200));
  expect(issuer.asked()).toBe(before + 1);
});

test('a storm of unknown key ids asks the endpoint once in a cooldown, and nobody else notices', async () => {
  const issuer = await keyServer(keySetOf(old));
  const on = await site(issuer.keys({ cooldownMs: 60_000 }), { phase: 'retired' });
  const storm = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const key = { ...fresh, kid: `storm-${index}` };
      return await on.ask(key);
    }),
  );
  expect(new Set(storm)).toEqual(new Set([401]));
  expect(await on.ask(old)).toBe(200);
  expect(issuer.asked()).toBe(1);
});

test('a storm that meets a fetch leaves at most a bounded number of requests waiting for it', async () => {
  const issuer = await keyServer(keySetOf(old));
  const on = await site(issuer.keys({ cooldownMs: 1, timeoutMs: 20_000 }), { phase: 'retired' });
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  issuer.become((_, response) => void held.then(() => response.end(keySetOf(old))));
  let over = 0;
  const storm = Array.from({ length: 200 }, async (_, index) => {
    const status = await on.ask({ ...fresh, kid: `storm-${index}` });
    over += 1;
    return status;
  });
  await until(() => over === 200 - LIMITS.keyWaiters, 'those that do not wait');
  expect(await on.ask(old)).toBe(200);
  expect(issuer.asked()).toBe(2);
  release();
  expect(new Set(await Promise.all(storm))).toEqual(new Set([401]));
});
