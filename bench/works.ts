import type { LoadPlan } from './load.ts';

/** Names of the subjects. */
export type SubjectName = 'cutover' | 'cutover-2-workers' | 'nginx' | 'httpxy' | 'node:http';

/** One thing that every subject of its list is asked to do. */
export interface Work {
  readonly name: string;
  readonly description: string;
  readonly load: LoadPlan;
  /** Share of the requests that is copied to a second server. */
  readonly copied: number;
  readonly subjects: readonly SubjectName[];
  /** What the others are divided by. */
  readonly baseline: SubjectName;
  /** Cores without which the figures would say nothing. */
  readonly cores: number;
  /** What a ratio is taken of. */
  readonly metric: 'requestsPerCpuSecond' | 'requestsPerSecond';
}

const CLOSED: LoadPlan = { kind: 'closed', connections: 32 };

export const WORKS: readonly Work[] = [
  {
    name: 'plain-1k',
    description: '1 KiB of JSON over 32 kept connections, as fast as it goes',
    load: CLOSED,
    copied: 0,
    subjects: ['nginx', 'cutover', 'httpxy', 'node:http'],
    baseline: 'nginx',
    cores: 2,
    metric: 'requestsPerCpuSecond',
  },
  {
    name: 'shadow-10',
    description:
      'the same with 10 % copied; cutover also pairs and compares them, nginx throws the answers away',
    load: CLOSED,
    copied: 0.1,
    subjects: ['nginx', 'cutover'],
    baseline: 'nginx',
    cores: 2,
    metric: 'requestsPerCpuSecond',
  },
  {
    name: 'rate-3000',
    description: '3,000 requests a second, open loop: latency counts from the moment a request was due',
    load: { kind: 'open', connections: 64, perSecond: 3_000 },
    copied: 0,
    subjects: ['nginx', 'cutover', 'httpxy'],
    baseline: 'nginx',
    cores: 2,
    metric: 'requestsPerCpuSecond',
  },
  {
    name: 'two-workers',
    description: 'two workers beside one: needs two cores for them, and two for server and load',
    load: { kind: 'closed', connections: 64 },
    copied: 0,
    subjects: ['cutover', 'cutover-2-workers'],
    baseline: 'cutover',
    cores: 4,
    metric: 'requestsPerSecond',
  },
];
