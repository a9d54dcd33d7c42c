import { parentPort, workerData } from 'node:worker_threads';
import type { FromUpstream, ToUpstream } from './upstream-messages.ts';
import { UpstreamServer } from './upstream-server.ts';
import type { UpstreamOptions } from './upstream-server.ts';

const server = new UpstreamServer(workerData as UpstreamOptions);

function tell(message: FromUpstream): void {
  parentPort?.postMessage(message);
}

async function hear(message: ToUpstream): Promise<void> {
  switch (message.type) {
    case 'start':
      await server.start(message.fault);
      break;
    case 'end':
      await server.end(message.number);
      break;
    case 'count':
      tell({ type: 'served', served: server.served() });
      break;
  }
}

/** One message after the other: an upstream that is going down is not brought up meanwhile. */
let heard = Promise.resolve();
parentPort?.on('message', (message: ToUpstream) => {
  heard = heard.then(() => hear(message));
});

await server.open();
tell({ type: 'listening' });
