import type { TelemetryDelta, Window } from '../../src/telemetry/types.ts';
import { nameOf } from './shelf.ts';
import type { Supervisor } from './supervisor.ts';

const requestsIn = ({ lanes }: Pick<Window, 'lanes'>): number =>
  lanes.reduce((sum, { requests }) => sum + requests, 0);

/** What came in at one process, and in which windows it went out. */
export class Counts {
  /** A report of a worker was lost, so that its copies do not add up. */
  torn = false;
  private readonly supervisor: Supervisor;
  private readonly names = new Set<string>();
  private readonly windows: Window[] = [];
  private came = 0;
  private went = 0;

  constructor(supervisor: Supervisor) {
    this.supervisor = supervisor;
  }

  arrived(delta: TelemetryDelta): void {
    this.came += requestsIn(delta);
  }

  completed(window: Window): void {
    const { world } = this.supervisor;
    const name = nameOf(window);
    world.hold('windows-once', !this.names.has(name), () => `two windows have the name ${name}`);
    this.names.add(name);
    this.windows.push(window);
    this.went += requestsIn(window);
  }

  /** What is complete is stored, but for what is on its way just now. */
  isStored(): void {
    const { world, place } = this.supervisor;
    const missing = this.windows.slice(0, -2).filter((window) => !place.shared.shelf.has(window));
    world.hold(
      'windows-once',
      missing.length === 0,
      () => `${missing.length} windows were never stored: ${missing.map(nameOf).join('; ')}`,
    );
  }

  /** Complete windows and open ones hold all that came. */
  look(): void {
    const { world, hub, alive } = this.supervisor;
    if (!alive) return;
    const { total } = hub;
    const held = total === null ? 0 : requestsIn(total);
    world.hold(
      'windows-once',
      held === this.came,
      () => `${this.came} requests were reported, ${held} are in windows`,
    );
    world.hold('windows-once', this.went <= held, () => `windows hold ${this.went} requests, ${held} came`);
    if (this.torn) return;
    for (const { decisions, outcomes, pending, route, region, direction } of total?.copies ?? []) {
      const ended = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
      const exact = decisions.sent === ended + pending;
      world.hold(
        'windows-once',
        exact,
        () => `${route} ${region} ${direction}: ${decisions.sent} sent, ${ended} + ${pending} accounted for`,
      );
    }
  }
}
