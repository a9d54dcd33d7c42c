import { Agent } from 'node:https';
import { expect, onTestFinished, test } from 'vitest';
import { monotonicMs } from '../../src/core/clock.ts';
import { gateway } from '../kit/gateway.ts';
import type { RunningGateway } from '../kit/gateway.ts';
import { keyServer } from '../kit/key-server.ts';
import type { KeyServer } from '../kit/key-server.ts';
import { temporaryFolder } from '../kit/process.ts';
import { ListenerFiles, as, ask, client, leaver } from '../kit/tls-files.ts';
import { AUDIENCE, ISSUER, keySetOf, signingKey, tokenOf } from '../kit/tokens.ts';
import type { SigningKey } from '../kit/tokens.ts';
import { until } from '../kit/until.ts';
import { upstream } from '../kit/upstream.ts';

/** How long everything changes: CUTOVER_IDENTITY_SECONDS=60 is the promise's own minute. */
const SECONDS = Number(process.env['CUTOVER_IDENTITY_SECONDS'] ?? '8');
/** Beside other tests less of it: the client shares the cores with the gateway. */
const PER_SECOND = SECONDS < 60 ? 200 : 500;
const HANDSHAKE_EVERY = 10;
const FORGED_EVERY = 50;
/** Users with tokens of their own, so that remembered and new ones are mixed. */
const USERS = 40;
/** A provider publishes a key as long as tokens of it are under way. */
const KEPT_KEYS = 10;

interface Running {
  readonly running: RunningGateway;
  readonly files: ListenerFiles;
  readonly issuer: KeyServer;
  readonly port: number;
}

async function start(first: SigningKey): Promise<Running> {
  const { path, remove } = temporaryFolder('cutover-identity');
  onTestFinished(remove);
  const files = new ListenerFiles(path);
  const issuer = await keyServer(keySetOf(first));
  const lane = await upstream()
    .respond(() => ({ body: 'ok' }))
    .start();
  onTestFinished(() => lane.stop());
  const jwt = {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['ES256'],
    jwks: { url: issuer.url, cooldown: '1s' },
  };
  const running = await gateway()
    .legacy(lane.url)
    .config({
      listen: [{ address: '127.0.0.1:0', tls: files.config() }],
      workers: 2,
      filters: { door: { jwt, enforceAt: 'edge' } },
      candidate: {
        upstreams: { shop: { servers: [lane.url] } },
        routes: [{ name: 'all', upstream: 'shop', filters: ['door'] }],
      },
      rollout: { window: '1s', shadow: { sample: '10%' } },
    })
    .start();
  onTestFinished(() => running.stop());
  return { running, files, issuer, port: Number(new URL(running.url).port) };
}

/** Tokens of all users by one key, and one whose signature is somebody else's. */
interface Tokens {
  readonly good: readonly string[];
  readonly forged: string;
}

async function tokensBy(key: SigningKey): Promise<Tokens> {
  const good = await Promise.all(
    Array.from({ length: USERS }, (_, user) => tokenOf(key, { claims: { sub: `user-${user}` } })),
  );
  return { good, forged: await tokenOf(await signingKey(key.kid), {}) };
}

/** Every second another certificate and key, other revocations, and another signing key: published a second before it is used. */
async function changeEverything(
  { running, files, issuer }: Running,
  first: SigningKey,
  take: (tokens: Tokens) => void,
): Promise<void> {
  let [key, published] = [first, [first]];
  for (let second = 1; second <= SECONDS; second += 1) {
    const endsMs = monotonicMs() + 1_000;
    files.renew();
    files.revoke(second % 2 === 0 ? [] : [leaver]);
    running.signal('SIGHUP');
    take(await tokensBy(key));
    const next = await signingKey(`k${second}`);
    published = [next, ...published.slice(0, KEPT_KEYS)];
    issuer.publish(keySetOf(...published));
    key = next;
    await until(() => monotonicMs() > endsMs, 'the next second');
  }
}

test(
  'no request over TLS fails while certificates, revocation lists and signing keys change every second',
  async ({ annotate }) => {
    const first = await signingKey('k0');
    const on = await start(first);
    let tokens = await tokensBy(first);
    const load = { isOver: false };
    const changing = changeEverything(on, first, (next) => (tokens = next)).finally(
      () => (load.isOver = true),
    );
    const kept = new Agent({ keepAlive: true, maxSockets: 32, ...as(client) });
    onTestFinished(() => kept.destroy());
    const answers = new Map<string, number>();
    const tooks: number[] = [];
    const shoot = async (number: number): Promise<void> => {
      const isForged = number % FORGED_EVERY === 1;
      const token = isForged ? tokens.forged : (tokens.good[number % USERS] ?? '');
      const agent = number % HANDSHAKE_EVERY === 0 ? new Agent(as(client)) : kept;
      const startedMs = monotonicMs();
      const answer = await ask(on.port, agent, { Authorization: `Bearer ${token}` });
      tooks.push(monotonicMs() - startedMs);
      const what = `${isForged ? 'forged' : 'good'} ${answer}`;
      answers.set(what, (answers.get(what) ?? 0) + 1);
    };
    const pending: Promise<void>[] = [];
    const startMs = monotonicMs();
    while (!load.isOver) {
      const due = ((monotonicMs() - startMs) / 1_000) * PER_SECOND;
      while (pending.length < due) pending.push(shoot(pending.length));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await Promise.all([...pending, changing]);
    const p99 = tooks.toSorted((one, other) => one - other)[Math.ceil(tooks.length * 0.99) - 1] ?? Infinity;
    await annotate(
      `${pending.length} requests in ${SECONDS} s, ${JSON.stringify(Object.fromEntries(answers))}, p99 ${p99.toFixed(0)} ms; ` +
        `keys were asked for ${on.issuer.asked()} times`,
    );
    expect([...answers.keys()].toSorted()).toEqual(['forged 401', 'good 200']);
    expect(pending.length).toBeGreaterThan((SECONDS * PER_SECOND) / 2);
    expect(on.issuer.asked()).toBeGreaterThan(SECONDS / 2);
    const leaving = new Agent(as(leaver));
    on.files.revoke([leaver]);
    expect((await on.running.cli(['reload'])).code).toBe(0);
    expect(await ask(on.port, leaving, { Authorization: `Bearer ${tokens.good[0]}` })).not.toBe('200');
  },
  90_000 + SECONDS * 2_000,
);
