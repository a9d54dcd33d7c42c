import { parentPort, workerData } from 'node:worker_threads';
import { readNow } from './config-reading.ts';
import type { Reading } from './config-reading.ts';

// The entry of the thread that reads a large configuration: it ends with its answer.
parentPort?.postMessage(readNow(workerData as Reading), []);
