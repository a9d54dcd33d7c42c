import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * When a process was started, as an opaque text that is the same for its whole life and differs for the next
 * process with the same number. Null when there is no such process, or only its unreaped remains.
 */
export function processStart(pid: number): string | null {
  return process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
}

/** Whether the process that had this number and start is still running. */
export function isSameProcess(pid: number, started: string): boolean {
  return processStart(pid) === started;
}

/** Whether a process still is the child of another one; true where that cannot be told. */
export function isChildOf(pid: number, parentPid: number): boolean {
  const stat = process.platform === 'linux' ? readText(`/proc/${pid}/stat`) : null;
  return stat === null || Number(fieldsOf(stat)[PARENT]) === parentPid;
}

// proc(5): the command may hold spaces and parentheses, so fields are counted from the last ')'.
const STATE = 0;
const PARENT = 1;
const START_TICKS = 19;

function startFromProc(pid: number): string | null {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === null) return null;
  const fields = fieldsOf(stat);
  const state = fields[STATE];
  const ticks = fields[START_TICKS];
  if (ticks === undefined || state === 'Z' || state === 'X') return null;
  return `${readText('/proc/sys/kernel/random/boot_id')?.trim() ?? ''}/${ticks}`;
}

function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function startFromPs(pid: number): string | null {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    const space = line.indexOf(' ');
    return space < 0 || line.startsWith('Z') ? null : line.slice(space).trim();
  } catch {
    return null;
  }
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
