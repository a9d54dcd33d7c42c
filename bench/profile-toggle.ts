import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../test/kit/process.ts';
import type { Extent } from './extent.ts';
import { runLoad } from './load.ts';
import { costTable, costsOf } from './profile-costs.ts';
import type { CpuProfile } from './profile-costs.ts';
import { profiled, record } from './profile.ts';
import type { Stage } from './stage.ts';
import { asked } from './run.ts';
import { fromSources } from './subjects/cutover.ts';
import { median } from './statistics.ts';
import { threadCpu } from './thread-cpu.ts';
import type { ThreadCpu } from './thread-cpu.ts';
import { steady, switchTo } from './toggle.ts';
import type { ToggleStateName, ToggleWork } from './works.ts';

const TOP = 25;

export interface TogglePlan {
  readonly work: ToggleWork;
  readonly extent: Extent;
  readonly folder: string;
}

/**
 * What each state of one process costs the thread that serves clients: CPU microseconds a request at the steady rate, in
 * alternating windows, and where they go. CPU time is what a machine with other work can still measure.
 * @returns the exit code
 */
export async function profileToggle(
  { work, extent, folder: reports }: TogglePlan,
  stage: Stage,
  say: (text: string) => void,
): Promise<number> {
  const folder = temporaryFolder('cutover-profile');
  const { legacyPort, candidatePort } = stage;
  const plain = { legacyPort, candidatePort, copied: 0 as const, workers: 1, certificate: null };
  const task = { ...plain, ...(work.tokens === undefined ? {} : asked({ asks: 'token' }, stage)) };
  const gateway = await fromSources(task).env(profiled(folder.path)).start();
  const costs = new Map<ToggleStateName, ThreadCpu[]>(work.states.map((state) => [state, []]));
  const load = () => runLoad(`${gateway.url}${work.path}`, steady(work, stage), extent.windowSeconds);
  const [pid = 0] = gateway.pids().workers;
  try {
    for (let turn = 0; turn < extent.toggleTurns; turn += 1) {
      for (const state of turn % 2 === 0 ? work.states : work.states.toReversed()) {
        await switchTo(state, gateway, stage);
        // The first turn warms.
        if (turn === 0) await load();
        const before = threadCpu(pid);
        const { requests } = await load();
        costs.get(state)?.push(perRequest(before, threadCpu(pid), requests));
      }
    }
    for (const state of work.states) {
      await switchTo(state, gateway, stage);
      const recording = await record(join(folder.path, `${pid}.sock`));
      const { requests } = await load();
      const text = await recording.stop();
      mkdirSync(reports, { recursive: true });
      writeFileSync(join(reports, `profile-${work.name}-${state}.cpuprofile`), text);
      say(`\n${state}: ${costTable(costsOf(JSON.parse(text) as CpuProfile), TOP, requests)}`);
    }
    say(`\n${cpuTable(work, costs)}\n`);
    return 0;
  } finally {
    await gateway.stop();
    folder.remove();
  }
}

function perRequest(before: ThreadCpu, after: ThreadCpu, requests: number): ThreadCpu {
  const spent = (pick: (cost: ThreadCpu) => number): number => (pick(after) - pick(before)) / requests;
  return {
    mainUs: spent(({ mainUs }) => mainUs),
    waitedUs: spent(({ waitedUs }) => waitedUs),
    diffUs: spent(({ diffUs }) => diffUs),
    othersUs: spent(({ othersUs }) => othersUs),
  };
}

/** Medians over the windows, and what each state takes beyond the first one. */
function cpuTable(work: ToggleWork, costs: ReadonlyMap<ToggleStateName, readonly ThreadCpu[]>): string {
  const middle = (state: ToggleStateName, pick: (cost: ThreadCpu) => number) =>
    median((costs.get(state) ?? []).map(pick));
  const first = work.states[0] as ToggleStateName;
  const base = middle(first, ({ mainUs }) => mainUs);
  const lines = work.states.map((state) => {
    const main = middle(state, ({ mainUs }) => mainUs);
    const rest = [
      `${(main - base).toFixed(1)} beyond ${first}`,
      `waited for a core ${middle(state, ({ waitedUs }) => waitedUs).toFixed(1)}`,
      `diff thread ${middle(state, ({ diffUs }) => diffUs).toFixed(1)}`,
      `collector and others ${middle(state, ({ othersUs }) => othersUs).toFixed(1)}`,
    ];
    return `${state.padEnd(12)} main thread ${main.toFixed(1)} µs a request, ${rest.join(', ')}`;
  });
  return lines.join('\n');
}
