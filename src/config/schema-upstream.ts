import type { z } from 'zod';
import { LIMITS } from '../core/limits.ts';
import { formatDuration, formatShare } from '../core/units.ts';
import { duration, list, matching, say, section, share, text, whole, word } from './fields.ts';
import { hostField, serversField } from './fields-net.ts';
import { hashKey } from './schema-rollout.ts';

const above = { min: 1, words: 'above zero' };

const count = (description: string, usual: number, max = 1_000) =>
  whole(description, 1, max, usual).prefault(usual);

const time = (description: string, usualMs: number, bounds: { min?: number; words?: string } = above) =>
  duration(description, bounds).prefault(formatDuration(usualMs));

const part = (description: string, usual: number, bounds: { min?: number; words?: string } = {}) =>
  share(description, bounds).prefault(formatShare(usual));

const retries = section(
  {
    budget: part('share of recent requests that may be made again; 0% for none', LIMITS.retryShare),
    tries: count('tries of one request, each on another server', LIMITS.requestTries, 10),
  },
  'requests that are made again on another server: unsent ones, and idempotent ones without a body',
);

const ejection = section(
  {
    failures: count('failures in a row that eject a server', LIMITS.ejectionFailures),
    share: part('share of failures that ejects it, too, over ten seconds', LIMITS.ejectionFailureShare, {
      min: 0.01,
      words: 'of 1% at least',
    }),
    time: time('the first ejection; each further one is twice as long', LIMITS.ejectionTimeMs),
    maxTime: time('the longest ejection', LIMITS.ejectionMaxTimeMs),
    maxShare: part(
      'share of the servers that may be out for what they answer; never all',
      LIMITS.ejectionMaxShare,
    ),
  },
  'servers that get no requests for a while, because of their failures',
).refine(({ time, maxTime }) => time <= maxTime, {
  error: say(
    'the longest ejection is shorter than the first',
    `make maxTime (${formatDuration(LIMITS.ejectionMaxTimeMs)} if left out) at least as long as time`,
  ),
  path: ['time'],
});

const health = section(
  {
    path: matching('path that is asked', /^\/[!-~]*$/, 'a path that starts with /', '/healthz'),
    interval: time('between two questions to a server', LIMITS.healthIntervalMs, {
      min: 100,
      words: 'of 100ms at least',
    }),
    timeout: time('for one answer', LIMITS.healthTimeoutMs),
    healthy: count('good answers in a row that take a server back', LIMITS.healthyAnswers),
    unhealthy: count('bad ones in a row that take it out', LIMITS.unhealthyAnswers),
  },
  'asks each server whether it is well: 2xx and 3xx are, from each worker',
);

const ownTime = (description: string) => duration(description).optional();

const tls = section(
  {
    ca: text("certificates (PEM) that are trusted instead of the system's", './tls/ca.pem').optional(),
    serverName: hostField("name that is asked for and verified instead of the server's host").optional(),
  },
  'how https:// servers prove who they are; they always have to',
);

/** Keys of everything that has servers: both lanes and each upstream. */
export const upstreamFields = {
  hostHeader: hostField("Host sent to the servers instead of the client's").optional(),
  tls: tls.optional(),
  balance: word('how a server is chosen', ['round-robin', 'least-request', 'hash']).prefault('round-robin'),
  hashKey: hashKey.describe('what hash keeps on one server; rollout.stickyKey if left out').optional(),
  weights: list(
    whole('the weight of one server', 1, 1_000, 1),
    'one weight per entry of servers, in their order',
  ).prefault([]),
  retries: retries.prefault({}),
  ejection: ejection.prefault({}),
  health: health.optional(),
  slowStart: duration(
    'a server that returned grows to its full share over this time; 0ms for at once',
  ).prefault(formatDuration(LIMITS.slowStartMs)),
  timeouts: section(
    {
      connect: ownTime('connection to a server'),
      firstByte: ownTime('request sent until the answer starts'),
      idle: ownTime('silence inside an answer'),
      total: ownTime('a whole exchange; 0ms for none'),
    },
    'times of these servers, instead of the common ones',
  ).prefault({}),
};

/** A section that has `servers`. */
export function withServers(servers: string, description: string) {
  return section({ servers: serversField(servers), ...upstreamFields }, description).refine(
    hasWeightPerServer,
    WEIGHTS,
  );
}

/** What is said about weights that do not fit. */
export const WEIGHTS = {
  error: say('expected one weight for each server, or none', 'write weights: [3, 1] for two servers'),
  path: ['weights'],
};

/** Whether weights stand beside as many servers, or beside none. */
export function hasWeightPerServer(entry: {
  readonly servers?: readonly unknown[] | undefined;
  readonly weights: readonly number[];
}): boolean {
  return entry.weights.length === 0 || entry.weights.length === entry.servers?.length;
}

/** What a checked section says about its servers. */
export type UpstreamEntry = z.output<ReturnType<typeof withServers>>;
