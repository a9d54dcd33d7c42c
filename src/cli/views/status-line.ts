import type { Status } from '../../control/schema/status.ts';
import { safe } from '../format.ts';

/** The state in one line of `key=value`, without numbers that move all the time: a new line is a change. */
export function statusLine(status: Status): string {
  const { rollout, gate, snapshot, workers } = status;
  const serving = workers.filter((worker) => worker.state === 'serving').length;
  const shares = status.shares.map(
    ({ region, desired }) => `${safe(region)}:${Number((desired * 100).toFixed(4))}%`,
  );
  return [
    `phase=${rollout.phase}`,
    `step=${rollout.phase === 'regional' ? `${rollout.step + 1}/${rollout.steps}` : '-'}`,
    `paused=${rollout.paused ? 'yes' : 'no'}`,
    `bypass=${rollout.bypass ? 'on' : 'off'}`,
    `withdrawn=${rollout.withdrawn.map(safe).join(',') || '-'}`,
    `gate=${gate.verdict}`,
    `epoch=${rollout.epoch}`,
    `in_effect=${snapshot.inEffect ? 'yes' : 'no'}`,
    `shares=${shares.join(',') || '-'}`,
    `classes=${status.classes}`,
    `workers=${serving}/${workers.length}`,
    `store=${status.store.mode}`,
  ].join(' ');
}
