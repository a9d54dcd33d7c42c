import type { CutoverEvent } from '../core/events.ts';
import { positionName } from '../rollout/position.ts';
import { lineOf } from './event-line.ts';
import type { SiemLine } from './event-line.ts';

/** What a SIEM hears of an event; null: it is the daily life of a gateway. */
export function happeningLine(event: CutoverEvent): SiemLine | null {
  switch (event.type) {
    case 'transition':
      return transition(event);
    case 'kill_switch': {
      const { who, reason, on } = event;
      return lineOf('kill_switch', { state: onOff(on), who, reason });
    }
    case 'gate': {
      const { verdict, reason, message, phase, epoch } = event;
      const fields = { verdict, reason, message, phase, epoch: String(epoch) };
      return lineOf('verdict', fields, `verdict ${epoch} ${verdict} ${reason}`);
    }
    case 'worker_down':
      if (event.retryInMs < 0) return null;
      return lineOf('worker_lost', { slot: String(event.slot), how: event.how }, `worker ${event.slot}`);
    case 'worker_slow': {
      const fields = { slot: String(event.slot), delay_ms: String(event.loopDelayMs) };
      return lineOf('worker_slow', fields, `slow ${event.slot}`);
    }
    case 'config': {
      const { accepted, hash, problems } = event;
      const state = accepted ? 'accepted' : 'refused';
      return lineOf('config', { state, hash, problems: String(problems) }, `config ${state} ${hash}`);
    }
    case 'store': {
      const state = event.ok ? 'works' : 'fails';
      return lineOf('store', { state, message: event.message }, `store ${state}`);
    }
    case 'hand_over':
      return lineOf('hand_over', { outcome: event.outcome, who: event.who, build: event.build });
    case 'client_denied': {
      const { by, reason, count, address, identity } = event;
      return lineOf('client_denied', { by, reason, count: String(count), address, identity });
    }
    case 'snapshot':
    case 'snapshot_late':
    case 'worker_up':
    case 'orphan_drained':
    case 'notify':
    case 'new_class':
      return null;
  }
}

function transition({
  from,
  fromStep,
  to,
  toStep,
  region,
  who,
  reason,
}: CutoverEvent & { type: 'transition' }): SiemLine {
  return lineOf('transition', {
    from: positionName({ phase: from, step: fromStep }),
    to: positionName({ phase: to, step: toStep }),
    region: region ?? '',
    who,
    reason,
  });
}

function onOff(on: boolean): string {
  return on ? 'on' : 'off';
}
