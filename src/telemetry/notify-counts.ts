/** What becomes of a notification: each is in one of them, or waits. */
export const NOTIFY_OUTCOMES = ['delivered', 'refused', 'given_up', 'dropped', 'unsent'] as const;
export type NotifyOutcome = (typeof NOTIFY_OUTCOMES)[number];

/** Notifications of one node since its supervisor started, by receiver and event. */
export interface NotifyCounts extends Readonly<Record<NotifyOutcome, number>> {
  /** Tries beyond the first of each. */
  readonly retried: number;
  /** Not sent yet. */
  readonly waiting: number;
}

/** Before the first one. */
export function noNotifications(): NotifyCounts {
  return { delivered: 0, refused: 0, given_up: 0, dropped: 0, unsent: 0, retried: 0, waiting: 0 };
}
