import type { Status } from '../control/schema/status.ts';

type Accounting = Status['pairs']['shadow']['accounting'];

/** The equations of the accounting as an outline: the lines below a line sum up to it. */
export const ACCOUNTING: readonly (readonly [depth: number, name: string, key: keyof Accounting])[] = [
  [0, 'eligible', 'eligible'],
  [1, 'not sampled', 'notSampled'],
  [1, 'sampled', 'sampled'],
  [2, 'dropped', 'dropped'],
  [2, 'too large', 'tooLarge'],
  [2, 'candidate saturated', 'candidateSaturated'],
  [2, 'sent', 'sent'],
  [3, 'compared', 'compared'],
  [3, 'shadow failed', 'shadowFailed'],
  [3, 'timed out', 'timedOut'],
  [3, 'client aborted', 'clientAborted'],
  [3, 'response too large', 'responseTooLarge'],
  [3, 'diff dropped', 'diffDropped'],
  [3, 'pending', 'pending'],
];
