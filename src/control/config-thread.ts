import { parentPort } from 'node:worker_threads';
import { readNow } from './config-reading.ts';
import type { Reading } from './config-reading.ts';

// The entry of the thread that reads large configurations.
parentPort?.on('message', (reading: Reading) => parentPort?.postMessage(readNow(reading), []));
