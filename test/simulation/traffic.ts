import type { Observation } from '../../src/core/observation.ts';
import type { Lane, RolloutView } from '../../src/core/snapshot.ts';
import type { Book } from '../../src/telemetry/book.ts';
import type { Dice } from './dice.ts';
import { REGIONS } from './exposure.ts';

/** How often answers are bad, and of pairs how often they differ, shares. */
export interface Quality {
  candidate: number;
  legacy: number;
  /** Both lanes, for the same requests. */
  common: number;
  differs: number;
}

export const GOOD: Quality = { candidate: 0.0005, legacy: 0.0005, common: 0, differs: 0 };

/** Share of requests that come from the staff: the canary's. */
const INTERNAL = 0.2;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const template: Mutable<Observation> = {
  requestId: '',
  method: 'GET',
  path: '/',
  host: '',
  clientAddress: '',
  route: 'api',
  region: 'eu',
  answeredBy: 'legacy',
  assigned: 'legacy',
  asked: true,
  phase: 'shadow',
  epoch: 0,
  revision: 0,
  status: 200,
  failure: null,
  bad: false,
  durationUs: 0,
  serviceUs: -1,
  bytesIn: 0,
  bytesOut: 0,
  copy: null,
};

export interface Load {
  readonly view: RolloutView;
  readonly quality: Quality;
  readonly dice: Dice;
}

/** Copies that are not answered yet. */
export type Pending = ReturnType<Book['copyCell']>[];

/**
 * Requests of one second at one worker, under the view that it runs on, into its book.
 * @returns copies that are answered a second later
 */
export function serve(book: Book, load: Load): Pending {
  const pending: Pending = [];
  for (const region of REGIONS) {
    const requests = load.dice.between(10, 20);
    for (let index = 0; index < requests; index += 1) request(book, load, region, pending);
  }
  return pending;
}

function request(book: Book, { view, quality, dice }: Load, region: string, pending: Pending): void {
  const route = dice.chance(0.7) ? 'api' : 'rest';
  const lane = laneOf(view, region, dice);
  const common = dice.chance(quality.common);
  const bad = {
    candidate: common || dice.chance(quality.candidate),
    legacy: common || dice.chance(quality.legacy),
  };
  template.route = route;
  template.region = region;
  template.assigned = lane;
  template.answeredBy = lane;
  template.bad = bad[lane];
  template.status = bad[lane] ? 502 : 200;
  template.phase = view.phase;
  template.epoch = view.epoch;
  book.observe(template);
  if (!dice.chance(lane === 'legacy' ? view.sample : view.reverseSample)) return;
  const cell = book.copyCell(route, region, lane === 'legacy' ? 'shadow' : 'reverse');
  cell.decide('sent');
  if (dice.chance(0.02)) {
    pending.push(cell);
    return;
  }
  cell.conclude('compared');
  cell.judge('error', bad.candidate, bad.legacy);
  cell.judge('difference', dice.chance(quality.differs), false);
  cell.judge('tail', dice.chance(0.01), dice.chance(0.01));
}

function laneOf(view: RolloutView, region: string, dice: Dice): Lane {
  const { phase, bypass, shares, canary } = view;
  if (bypass || phase === 'shadow') return 'legacy';
  const share = shares[region] ?? (phase === 'enforce' || phase === 'retired' ? 1 : 0);
  if (dice.chance(share)) return 'candidate';
  return canary.length > 0 && dice.chance(INTERNAL) ? 'candidate' : 'legacy';
}
