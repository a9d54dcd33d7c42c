import { createGateway } from '../gateway/gateway.ts';
import { runWorker } from './worker-loop.ts';

// The entry of a worker process: everything it needs arrives in messages.
runWorker(createGateway);
