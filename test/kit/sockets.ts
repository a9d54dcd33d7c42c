import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/**
 * Ports of the peers that a process is connected to over IPv4, read from /proc (Linux): which client connections
 * die with it.
 */
export function peerPortsOf(pid: number): Set<number> {
  const inodes = new Set<string>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const match = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`));
      if (match?.[1] !== undefined) inodes.add(match[1]);
    } catch {
      // It was closed between the listing and the look.
    }
  }
  const ports = new Set<number>();
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/);
    const port = Number.parseInt(columns[2]?.split(':')[1] ?? '', 16);
    if (inodes.has(columns[9] ?? '')) ports.add(port);
  }
  return ports;
}
