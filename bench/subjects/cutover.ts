import { readFileSync } from 'node:fs';
import { formatShare } from '../../src/core/units.ts';
import { gateway } from '../../test/kit/gateway.ts';
import type { Subject, Task } from './subject.ts';

/** Copies are not capped: the rival has no cap either. */
const MAX_COPIES_PER_SECOND = 1_000_000;

function settings(task: Task): Record<string, unknown> {
  return {
    workers: task.workers,
    accessLog: { file: './access.log' },
    rollout: {
      window: '10s',
      shadow: {
        sample: formatShare(task.copied),
        maxRate: `${MAX_COPIES_PER_SECOND}/s`,
        ramp: '0ms',
        maxInFlight: 4_096,
      },
    },
  };
}

/** The product with everything on: access log, histograms, ids, forwarded headers, timeouts and limits. */
export const cutover: Subject = {
  name: 'cutover',
  version: () => {
    const file = new URL('../../package.json', import.meta.url);
    return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  },
  start: async (task) => {
    const running = await gateway()
      .legacy(`http://127.0.0.1:${task.legacyPort}`)
      .candidate(`http://127.0.0.1:${task.candidatePort}`)
      .config(settings(task))
      .start();
    return { url: running.url, pid: running.pids().supervisor, stop: running.stop };
  },
};
