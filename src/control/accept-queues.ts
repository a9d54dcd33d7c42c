import { readFileSync } from 'node:fs';

/** See Documentation/networking/ip-sysctl of the Linux kernel. */
const SETTING = '/proc/sys/net/ipv4/tcp_migrate_req';

/**
 * Whether the kernel moves connections that wait in the accept queue of a listener that closes to another one on the
 * same port; null where it has no such setting (Linux before 5.14, other systems).
 */
export function movesWaitingConnections(file: string = SETTING): boolean | null {
  try {
    return readFileSync(file, 'utf8').trim() === '1';
  } catch {
    return null;
  }
}

/** Says what a worker that ends may cost, and what to do about it. */
export function warnOfAcceptQueues(log: (level: 'info', message: string) => void, file?: string): void {
  if (movesWaitingConnections(file) !== false) return;
  log(
    'info',
    'net.ipv4.tcp_migrate_req is 0: a client that connects in the very moment a worker stops listening may be ' +
      'reset; hint: sysctl -w net.ipv4.tcp_migrate_req=1',
  );
}
