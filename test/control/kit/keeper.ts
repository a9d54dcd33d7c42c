import { GateKeeper } from '../../../src/control/gate-keeper.ts';
import type { CutoverEvent } from '../../../src/core/events.ts';
import type { ApplyResult, OperatorCommand } from '../../../src/rollout/controller-types.ts';
import type { GatePlan } from '../../../src/rollout/gates/plan.ts';
import type { Window } from '../../../src/telemetry/types.ts';
import { start } from '../../rollout/controller-kit.ts';
import { gatePlan, windowOf } from '../../rollout/gates-fixtures.ts';
import type { Shown } from '../../rollout/gates-fixtures.ts';
import { MemoryStore } from '../../rollout/memory-store.ts';

type Node = Awaited<ReturnType<typeof start>>['controller'];
type Carry = (controller: Node, command: OperatorCommand) => Promise<ApplyResult>;

/** A keeper over a real controller and a store in memory; `carry` stands between what it does and the controller. */
export async function keeper(
  carry: Carry = async (controller, command) => await controller.apply(command),
  plan: GatePlan = gatePlan,
) {
  const { controller } = await start(new MemoryStore());
  const asked: OperatorCommand[] = [];
  const answers: ApplyResult[] = [];
  const events: CutoverEvent[] = [];
  const log: string[] = [];
  let nowMs = controller.state.sinceMs;
  const gates = new GateKeeper({
    state: () => controller.state,
    plan: () => plan,
    critical: () => [],
    nowMs: () => nowMs,
    entry: () => controller.unchanged().entry,
    apply: async (command) => {
      asked.push(command);
      const answer = await carry(controller, command);
      answers.push(answer);
      return answer;
    },
    event: (event) => events.push(event),
    log: (_, message) => log.push(message),
  });
  /** Shows the keeper a window of the current epoch, at its end. */
  const show = (index: number, ...shown: Shown[]): void => {
    const window: Window = { ...windowOf(1_000 + index, shown), epoch: controller.state.epoch };
    nowMs = window.startMs + window.widthMs;
    gates.learn(window);
  };
  const now = () => nowMs;
  return { now, controller, gates, asked, answers, events, log, show };
}
