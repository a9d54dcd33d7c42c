import { createPool } from '../../src/wire/pool.ts';
import { createWireServer } from '../../src/wire/server.ts';
import { SmallestProxy } from './smallest-proxy.ts';

/** A process of its own that relays to the port it is given and prints the port it listens on. */
const pool = createPool({
  host: '127.0.0.1',
  port: Number(process.argv[2]),
  timeouts: { connectMs: 2_000, firstByteMs: 0, idleMs: 0, totalMs: 0 },
  maxConnections: 10,
  maxWaiting: 10,
  retry: false,
});
const server = createWireServer(
  { onRequest: (inbound) => void new SmallestProxy(inbound, pool), onRefused: () => undefined },
  {
    headTimeoutMs: 5_000,
    bodyIdleMs: 0,
    writeIdleMs: 0,
    keepAliveIdleMs: 5_000,
    maxConnections: 10,
    maxBodyBytes: 0,
  },
);
const port = await server.listen({ host: '127.0.0.1', port: 0, reusePort: false, index: 0 });
process.stdout.write(`${port}\n`);
