import { describeEvent } from '../control/event-log.ts';
import type { History } from '../control/schema/history.ts';
import type { CutoverEvent, StampedEvent } from '../core/events.ts';
import { positionName } from '../rollout/position.ts';
import type { Happening, Tone } from './known.ts';

/** An event of the stream, in words. */
export function happeningOf({ atMs, event }: StampedEvent): Happening {
  return { atMs, text: describeEvent(event), tone: toneOf(event) };
}

/** A line of the audit, in words: what stands for the time before the dashboard. */
export function pastOf(entry: History['entries'][number]): Happening {
  const { atMs, who, verb, from, to, reason, region, forced } = entry;
  const target = positionName(to);
  const source = from === null ? target : positionName(from);
  const change = source === target ? target : `${source} -> ${target}`;
  const where = region === null ? '' : ` (${region} alone)`;
  const why = reason === '' ? '' : `: ${reason}`;
  return {
    atMs,
    text: `${verb.replaceAll('_', ' ')}${forced ? ' (forced)' : ''} ${change}${where} by ${who}${why}`,
    tone: 'plain',
  };
}

function toneOf(event: CutoverEvent): Tone {
  switch (event.type) {
    case 'gate':
      return event.verdict === 'abort' ? 'bad' : 'plain';
    case 'kill_switch':
    case 'snapshot_late':
    case 'worker_down':
    case 'worker_slow':
    case 'client_denied':
    case 'new_class':
      return 'warn';
    case 'hand_over':
      return event.outcome === 'taken' ? 'strong' : 'warn';
    case 'config':
      return event.accepted ? 'plain' : 'warn';
    case 'store':
    case 'notify':
      return event.ok ? 'plain' : 'warn';
    case 'transition':
      return 'strong';
    case 'snapshot':
    case 'worker_up':
    case 'orphan_drained':
      return 'plain';
  }
}
