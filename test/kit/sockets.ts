import { connect } from 'node:net';
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

/** Whether somebody accepts connections on a port of this machine. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
