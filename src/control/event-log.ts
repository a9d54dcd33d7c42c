import { wallMs } from '../core/clock.ts';
import type { CutoverEvent, StampedEvent } from '../core/events.ts';
import { LIMITS } from '../core/limits.ts';
import { printable } from '../core/printable.ts';
import { positionName } from '../rollout/position.ts';

type Subscriber = (event: StampedEvent) => void;

/** The event stream: numbered, the newest kept in memory, handed to subscribers at once and to the store later. */
export class EventLog {
  private readonly save: (event: StampedEvent) => void;
  private readonly kept: StampedEvent[] = [];
  private readonly subscribers = new Set<Subscriber>();
  private sequence: number;

  /**
   * @param lastSequence of the events before: numbers go on where an earlier supervisor stopped
   * @param save stores an event; must not throw
   */
  constructor(lastSequence: number, save: (event: StampedEvent) => void) {
    this.sequence = lastSequence;
    this.save = save;
  }

  /** Goes on behind what others stored meanwhile. */
  resume(lastSequence: number): void {
    this.sequence = Math.max(this.sequence, lastSequence);
  }

  append(event: CutoverEvent): void {
    this.sequence += 1;
    const stamped: StampedEvent = { sequence: this.sequence, atMs: wallMs(), event };
    this.kept.push(stamped);
    if (this.kept.length > LIMITS.eventsKept) this.kept.shift();
    for (const subscriber of this.subscribers) subscriber(stamped);
    this.save(stamped);
  }

  /** Events after a cursor that are still in memory, oldest first. */
  after(cursor: number): StampedEvent[] {
    return this.kept.filter(({ sequence }) => sequence > cursor);
  }

  /** @param subscriber must not throw @returns ends the subscription */
  subscribe(subscriber: Subscriber): () => void {
    this.subscribers.add(subscriber);
    return () => void this.subscribers.delete(subscriber);
  }
}

/** One line for the log of the process. */
export function describeEvent(event: CutoverEvent): string {
  switch (event.type) {
    case 'transition':
      return `${moveOf(event)} by ${event.who}: ${event.reason}`;
    case 'gate':
      return `gate of ${event.phase}: ${event.verdict} (${event.reason}): ${event.message}`;
    case 'kill_switch':
      return `kill switch ${event.on ? 'on' : 'off'} by ${event.who}: ${event.reason}`;
    case 'snapshot':
      return `snapshot ${event.revision} is in effect on ${event.acknowledgedBy} workers after ${event.tookMs} ms`;
    case 'snapshot_late':
      return `snapshot ${event.revision} is not in effect: not acknowledged by ${event.missing.join(', ')}`;
    case 'worker_up':
      return `worker ${event.slot} (${event.pid}) serves`;
    case 'worker_down':
      return `worker ${event.slot} (${event.pid}) ended: ${event.how}${again(event.retryInMs)}`;
    case 'orphan_drained':
      return `worker ${event.pid} of an earlier supervisor has ended`;
    case 'hand_over':
      return handOverText(event);
    case 'worker_slow':
      return `worker ${event.slot} (${event.pid}) is slow: event-loop delay p99 of ${event.loopDelayMs} ms`;
    case 'config':
      return event.accepted
        ? `configuration ${event.hash.slice(0, 12)} is accepted`
        : `the configuration has ${event.problems} problems: the old one stays in force`;
    case 'client_denied':
      return deniedText(event);
    case 'store':
      return `store: ${event.message}`;
    case 'notify':
      return `notifications to ${event.receiver}: ${event.message}`;
    case 'new_class':
      return `new difference ${event.id} on ${event.endpoint}: ${event.kind} ${event.path}`;
  }
}

function deniedText({
  by,
  reason,
  count,
  address,
  identity,
}: CutoverEvent & { type: 'client_denied' }): string {
  const who = identity === '' ? '' : ` as ${printable(identity)}`;
  const many = count === 1 ? 'a client was' : `${count} clients were`;
  return `${many} not let in: ${by}, ${reason}; the last from ${address}${who}`;
}

function moveOf({ from, fromStep, to, toStep, region }: CutoverEvent & { type: 'transition' }): string {
  const place = positionName({ phase: to, step: toStep });
  if (region !== null) return `${place}: ${region} alone`;
  return `${positionName({ phase: from, step: fromStep })} → ${place}`;
}

function handOverText({ outcome, pid, build, from, forced }: CutoverEvent & { type: 'hand_over' }): string {
  if (outcome === 'taken_back') {
    return `process ${from.pid} (build ${from.build}) did not take over: process ${pid} (build ${build}) acts again`;
  }
  const how = forced ? ', forced by --take-over' : '';
  return `process ${pid} (build ${build}) took over from process ${from.pid} (build ${from.build})${how}`;
}

function again(retryInMs: number): string {
  return retryInMs < 0 ? '' : `; it starts again in ${retryInMs} ms`;
}
