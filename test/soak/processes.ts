import { readFileSync, readdirSync } from 'node:fs';
import { monotonicMs } from '../../src/core/clock.ts';
import type { Sample } from './trend.ts';

/** Resident bytes of a process, from /proc; 0 when it is gone. */
export function rssOf(pid: number): number {
  try {
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kib ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Open descriptors of a process; 0 when it is gone. */
export function descriptorsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

/** CPU time a process has used, milliseconds; 0 when it is gone. */
export function cpuMsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    // Clock ticks of 10 ms: user and system time.
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}

/** Memory and descriptors of several processes together. */
export function sampleOf(pids: readonly number[]): Sample {
  const sum = (of: (pid: number) => number): number => pids.reduce((total, pid) => total + of(pid), 0);
  return { atMs: monotonicMs(), rssBytes: sum(rssOf), descriptors: sum(descriptorsOf) };
}
