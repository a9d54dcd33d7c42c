import { createServer } from 'node:net';
import { CutoverError } from '../core/errors.ts';
import { systemRandom } from '../core/random.ts';

/**
 * Below the ports that Linux gives to outgoing connections (from 32768): a server that is down for a moment finds its
 * port free again.
 */
const LOWEST = 20_000;
const HIGHEST = 32_000;
const ATTEMPTS = 500;

/** Different ports of 127.0.0.1 that are free now. @throws CutoverError PORT_TAKEN */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let attempt = 0; ports.size < count && attempt < ATTEMPTS; attempt += 1) {
    const port = LOWEST + Math.floor(systemRandom.next() * (HIGHEST - LOWEST));
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  if (ports.size === count) return [...ports];
  throw new CutoverError('PORT_TAKEN', `no ${count} free ports between ${LOWEST} and ${HIGHEST}`, {
    hint: 'end what listens there: ss -ltnp',
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
