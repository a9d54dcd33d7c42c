import type { StampedEvent } from '../../core/events.ts';
import { LIMITS } from '../../core/limits.ts';
import { describeEvent } from '../event-log.ts';
import type { Notification } from '../schema/notification.ts';

/** Which gateway an event is of. */
export type Sender = Notification['node'];

/** The body of a notification: one JSON object, the same for every try and every receiver. */
export function bodyOf({ sequence, atMs, event }: StampedEvent, node: Sender): string {
  const { type, ...data } = event;
  const body = {
    schemaVersion: 1,
    type,
    timestamp: new Date(atMs).toISOString(),
    sequence,
    node,
    summary: short(describeEvent(event)),
    data: shortened(data),
  };
  return JSON.stringify(body);
}

function shortened(data: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, typeof value === 'string' ? short(value) : value]),
  );
}

function short(text: string): string {
  return text.length <= LIMITS.notifyTextChars ? text : `${text.slice(0, LIMITS.notifyTextChars - 1)}…`;
}
