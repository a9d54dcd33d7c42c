import { readFileSync, readdirSync } from 'node:fs';

/** Linux's unit of CPU time in /proc: 100 a second on every architecture Node runs on (getconf CLK_TCK). */
const TICKS_PER_SECOND = 100;

/** CPU seconds since boot: of all processes, and taken away by the hypervisor. */
export interface MachineCpu {
  readonly busySeconds: number;
  readonly stolenSeconds: number;
}

/** What a set of processes has used. */
export interface Usage {
  readonly cpuSeconds: number;
  /** Resident memory, shared pages counted once for each process. */
  readonly rssBytes: number;
  /** The same with shared pages split over those who share them; 0 where the kernel does not say. */
  readonly pssBytes: number;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // The process ended meanwhile.
    return '';
  }
}

/** The fields of /proc/PID/stat after the name, which may hold spaces; [0] is the state. */
function statFields(pid: number): string[] {
  const text = read(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** The process and everything below it. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const parent = Number(statFields(pid)[1]);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found = [root];
  for (let index = 0; index < found.length; index += 1)
    found.push(...(children.get(found[index] ?? 0) ?? []));
  return found;
}

/** CPU time and memory of processes, user and system time of all their threads. */
export function usage(pids: readonly number[]): Usage {
  let ticks = 0;
  let rssBytes = 0;
  let pssBytes = 0;
  for (const pid of pids) {
    const fields = statFields(pid);
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
    rssBytes += 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
    pssBytes += 1024 * Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
  }
  return { cpuSeconds: ticks / TICKS_PER_SECOND, rssBytes, pssBytes };
}

/** CPU time of the machine. Interrupts are left out: they belong to whoever they serve. */
export function machineCpu(): MachineCpu {
  const [user = 0, nice = 0, system = 0, , , , , steal = 0] = (
    /^cpu +(.*)$/m.exec(read('/proc/stat'))?.[1] ?? ''
  )
    .split(' ')
    .map(Number);
  return { busySeconds: (user + nice + system) / TICKS_PER_SECOND, stolenSeconds: steal / TICKS_PER_SECOND };
}

/** First line of /proc/cpuinfo that names the processor. */
export function cpuModel(): string {
  return /^model name\s*:\s*(.*)$/m.exec(read('/proc/cpuinfo'))?.[1]?.trim() ?? 'unknown';
}
