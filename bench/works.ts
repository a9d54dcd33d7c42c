import type { Tokens } from './credentials.ts';
import type { LoadPlan } from './load.ts';

/** Names of the subjects. */
export const SUBJECT_NAMES = [
  'nginx',
  'cutover',
  'haproxy',
  'undici',
  'httpxy',
  'fastify',
  'node:http',
  'cutover-2-workers',
  'cutover-4-workers',
] as const;
export type SubjectName = (typeof SUBJECT_NAMES)[number];

/** One thing that every subject of its list is asked to do. */
export interface Work {
  readonly name: string;
  readonly description: string;
  /** What is asked for: the server behind the subjects knows `/`, `/20k`, `/1m` and `/post`. */
  readonly path: string;
  /** Clients speak TLS to the subject. */
  readonly tls: boolean;
  /** What clients have to show: a certificate in the handshake, or a token that is good, in each request. */
  readonly asks?: 'certificate' | 'token';
  /** Tokens that they send. */
  readonly tokens?: Tokens;
  readonly load: LoadPlan;
  /** Share of the requests that is copied to a second server. */
  readonly copied: 0 | 0.1 | 1;
  /** What the copies meet: a server that answers, or one that accepts and never does. */
  readonly candidate: 'healthy' | 'hung';
  readonly subjects: readonly SubjectName[];
  /** What the others are divided by. */
  readonly baseline: SubjectName;
  /** Cores without which the figures would say nothing. */
  readonly cores: number;
  /** What a ratio is taken of. */
  readonly metric: 'requestsPerCpuSecond' | 'requestsPerSecond';
}

const CLOSED: LoadPlan = { kind: 'closed', connections: 32 };
const PROXIES: readonly SubjectName[] = ['nginx', 'cutover', 'haproxy', 'undici', 'httpxy', 'fastify'];

const PLAIN: Work = {
  name: 'plain-1k',
  description: '1 KiB of JSON over 32 kept connections, as fast as it goes',
  path: '/',
  tls: false,
  load: CLOSED,
  copied: 0,
  candidate: 'healthy',
  subjects: [...PROXIES, 'node:http'],
  baseline: 'nginx',
  cores: 2,
  metric: 'requestsPerCpuSecond',
};

/** Everybody who proxies. */
function proxied(name: string, description: string, patch: Partial<Work>): Work {
  return { ...PLAIN, subjects: PROXIES, ...patch, name, description };
}

/** Everybody who proxies, for clients with certificates. */
function mutual(name: string, description: string, patch: Partial<Work>): Work {
  return proxied(name, description, { tls: true, asks: 'certificate', ...patch });
}

/** Those who can verify a token: haproxy by itself, undici with jose as everybody writes it. */
function withTokens(name: string, description: string, tokens: Tokens): Work {
  const subjects: readonly SubjectName[] = ['nginx', 'cutover', 'haproxy', 'undici'];
  return proxied(name, description, { subjects, asks: 'token', tokens });
}

/** Those who can send a copy as well. */
function copied(name: string, description: string, patch: Partial<Work>): Work {
  return { ...PLAIN, subjects: ['nginx', 'cutover'], copied: 0.1, ...patch, name, description };
}

export const WORKS: readonly Work[] = [
  PLAIN,
  proxied('plain-20k', 'answers of 20 KiB', { path: '/20k' }),
  proxied('plain-1m', 'answers of 1 MiB', { path: '/1m', load: { kind: 'closed', connections: 8 } }),
  proxied('post-20k', 'requests with 20 KiB of JSON, answers of 1 KiB', {
    path: '/post',
    load: { ...CLOSED, bodyBytes: 20 * 1024 },
  }),
  proxied('tls-1k', 'plain-1k over TLS, connections kept', { tls: true }),
  proxied('connect-1k', 'plain-1k with a new connection for every request', {
    load: { ...CLOSED, newConnections: true },
  }),
  mutual('tls-handshake', 'a full handshake with client certificates (TLS 1.3, P-256) and one request', {
    load: { ...CLOSED, newConnections: true },
  }),
  mutual('tls-resumed', 'the same with every session resumed', {
    load: { ...CLOSED, newConnections: true, resumes: true },
  }),
  mutual('mtls-1k', 'tls-1k for clients with certificates', {}),
  withTokens('jwt-cached', 'plain-1k with the tokens of 100 users (ES256); nginx asks for none', 'same'),
  withTokens('jwt-uncached', 'the same with another token in every request', 'each'),
  copied('shadow-10', '10 % copied; cutover also pairs and compares, nginx throws the answers away', {}),
  copied('shadow-100', 'the same with every request copied', { copied: 1 }),
  copied('shadow-10-hung', '10 % copied to a server that accepts and never answers', {
    candidate: 'hung',
    metric: 'requestsPerSecond',
  }),
  proxied('rate-3000', '3,000 requests a second, open loop: latency counts from when a request was due', {
    load: { kind: 'open', connections: 64, perSecond: 3_000 },
  }),
  {
    ...PLAIN,
    name: 'two-workers',
    description: 'two workers beside one: needs two cores for them, and two for server and load',
    load: { kind: 'closed', connections: 64 },
    subjects: ['cutover', 'cutover-2-workers'],
    baseline: 'cutover',
    cores: 4,
    metric: 'requestsPerSecond',
  },
  {
    ...PLAIN,
    name: 'four-workers',
    description: 'memory of supervisor and four workers at saturation',
    load: { kind: 'closed', connections: 128 },
    subjects: ['cutover-4-workers'],
    baseline: 'cutover-4-workers',
  },
];

/** A work with a form of its own: states of one process in turn. */
export interface ToggleWork {
  readonly name: 'shadow-toggle' | 'diff-toggle' | 'jwt-flood';
  /** What is asked for. */
  readonly path: string;
  /** Requests a second while latency is measured: far from saturation, where requests wait for each other. */
  readonly perSecond: number;
  /** Throughput is measured as well, at saturation. */
  readonly saturates: boolean;
  /** Clients send tokens of users that are known. */
  readonly tokens?: Tokens;
  /** The first one is what the others are divided by. */
  readonly states: readonly ToggleStateName[];
  /** How far the bad end of an interval that does not hold 1 may be from it. */
  readonly tolerance: number;
}

/**
 * No copies; copies that are compared; copies to a candidate that accepts and never answers; every request copied and
 * its answer not compared; every request copied and compared. Tokens: those of users alone; beside them a flood of forged
 * ones of five kinds; one of those that only their signature gives away.
 */
export type ToggleStateName =
  | 'off'
  | 'on'
  | 'hung'
  | 'uncompared'
  | 'compared'
  | 'users'
  | 'forged'
  | 'unsigned';

export const TOGGLES: readonly ToggleWork[] = [
  {
    name: 'shadow-toggle',
    path: '/',
    perSecond: 3_000,
    saturates: true,
    states: ['off', 'on', 'hung'],
    tolerance: 0.05,
  },
  {
    name: 'diff-toggle',
    path: '/20k-lanes',
    perSecond: 500,
    saturates: false,
    states: ['uncompared', 'compared'],
    tolerance: 0.1,
  },
  {
    name: 'jwt-flood',
    path: '/',
    perSecond: 1_000,
    saturates: false,
    tokens: 'same',
    states: ['users', 'forged', 'unsigned'],
    tolerance: 0.25,
  },
];

/** Another one: a worker that is asked for three times what it can serve. */
export const OVERLOAD = 'overload-3x';

/** The work of that name, or null. */
export function findWork(name: string): Work | null {
  return WORKS.find((work) => work.name === name) ?? null;
}
