import { onTestFinished } from 'vitest';
import type { NotifyReceiver } from '../../../src/config/plan.ts';
import { Notifier } from '../../../src/control/notify/notifier.ts';
import { NOTIFIED_EVENTS } from '../../../src/core/events.ts';
import type { CutoverEvent } from '../../../src/core/events.ts';
import { hook, hookSecret } from '../../kit/hook.ts';
import type { Hook } from '../../kit/hook.ts';
import type { UpstreamBuilder } from '../../kit/upstream.ts';

export const SECRET = hookSecret(7);

/** A receiver that ends with the test. */
export async function opened(behaviour?: UpstreamBuilder, secret = SECRET): Promise<Hook> {
  const running = await hook(secret, behaviour);
  onTestFinished(() => running.stop());
  return running;
}

/** A receiver as it is configured. */
export function target(
  { hookUrl }: Pick<Hook, 'hookUrl'>,
  changes: Partial<NotifyReceiver> = {},
): NotifyReceiver {
  return {
    url: hookUrl,
    secrets: [SECRET],
    events: NOTIFIED_EVENTS,
    timeoutMs: 2_000,
    giveUpAfterMs: 60_000,
    ...changes,
  };
}

/** A notifier for these receivers; `tell` numbers events as the event stream does. */
export function notifier(...targets: NotifyReceiver[]) {
  const events: CutoverEvent[] = [];
  const world = { targets: targets as readonly NotifyReceiver[] };
  const made = new Notifier({
    receivers: () => world.targets,
    node: () => ({ host: 'edge-1', region: 'eu-west', build: '0.1.0' }),
    event: (event) => events.push(event),
    // The shortest wait of each.
    random: { next: () => 0 },
  });
  onTestFinished(() => made.close(0));
  let sequence = 0;
  const tell = (event: CutoverEvent): number => {
    sequence += 1;
    made.tell({ sequence, atMs: 1_795_545_266_218 + sequence, event });
    return sequence;
  };
  return {
    notifier: made,
    events,
    tell,
    /** Configures other receivers. */
    configure: (...others: NotifyReceiver[]) => void (world.targets = others),
  };
}

/** Any event that is always news. */
export function flip(on: boolean, reason = 'drill'): CutoverEvent {
  return { type: 'kill_switch', on, who: 'ana@local', reason };
}

export const ROLLBACK: CutoverEvent = {
  type: 'transition',
  from: 'canary',
  to: 'shadow',
  fromStep: 0,
  toStep: 0,
  region: null,
  who: 'gate',
  reason: 'BREAKER: 60 of 100 pairs failed on the candidate only',
};
