import type { Place } from './place.ts';
import { CRASH_POINT_NAMES, FAULT_NAMES } from './points.ts';
import type { CrashPoint, Fault } from './points.ts';
import type { SimWorker } from './sim-worker.ts';
import { GOOD } from './traffic.ts';
import type { Quality } from './traffic.ts';
import type { World } from './world.ts';

/** Chance of each fault in each second in which it may come, of those that a seed has. */
const CHANCE: Readonly<Record<Fault, number>> = {
  'store down': 0.012,
  'store hangs': 0.008,
  'store slow': 0.015,
  'commit unheard': 0.05,
  'commit lost': 0.03,
  'disk full': 0.01,
  'lease stolen': 0.006,
  competitor: 0.03,
  'clock forward': 0.004,
  'clock back': 0.004,
  'worker dies': 0.015,
  'worker late': 0.02,
  'worker deaf': 0.01,
  'delta lost': 0.01,
  'candidate worse': 0.008,
  'candidate bursts': 0.008,
  'candidate differs': 0.004,
  'legacy incident': 0.008,
};

/** A seed has each kind of fault with this chance. */
const KINDS = 0.45;

/** Crashes at a point that a seed plans. */
const PLANNED = 5;

/** Points that are missed often are tried twice as often. */
const TRIED: readonly CrashPoint[] = [
  ...CRASH_POINT_NAMES,
  'at any moment',
  'before keep',
  'after keep',
  'before forget',
  'after forget',
  'verdict, no rollback',
];

/** After so many seconds a point that nobody came by is given up. */
const PATIENCE_S = 40;

/** The bad luck of one simulation. */
export class Chaos {
  readonly quality: Quality = { ...GOOD };
  /** The next report of a worker is lost. */
  loses = false;
  private readonly world: World;
  private readonly places: readonly [Place, Place];
  private readonly kinds: ReadonlySet<Fault>;
  private readonly plan: readonly CrashPoint[];
  private readonly urge: (wish: 'relief' | 'exposure') => void;
  private planned = 0;
  private armedS = 0;

  /** @param urge makes operators do something now */
  constructor(world: World, places: readonly [Place, Place], urge: (wish: 'relief' | 'exposure') => void) {
    this.urge = urge;
    const { dice, seed } = world;
    this.world = world;
    this.places = places;
    this.kinds = new Set(FAULT_NAMES.filter(() => dice.chance(KINDS)));
    // Neighbouring seeds try neighbouring points, so that all come up as often.
    this.plan = Array.from({ length: PLANNED }, (_, index) => {
      return TRIED[(seed * PLANNED + index) % TRIED.length] as CrashPoint;
    });
    world.say('chaos', () => `faults: ${[...this.kinds].join(', ')}; crashes: ${this.plan.join(', ')}`);
  }

  /** Called once a second. */
  tick(second: number): void {
    this.arm(second);
    for (const fault of FAULT_NAMES) {
      if (this.kinds.has(fault) && this.world.dice.chance(CHANCE[fault])) this.strike(fault);
    }
  }

  /** All faults are over. */
  end(): void {
    const { world, places } = this;
    world.calm = true;
    world.armed = null;
    this.loses = false;
    Object.assign(this.quality, GOOD);
    void places[0].shared.backing.release();
    for (const place of places) {
      this.heal(place);
      place.weather.commit = null;
      place.disk.full = false;
      place.disk.crammed = false;
      for (const worker of place.supervisor?.workers ?? []) this.cure(place, worker);
    }
  }

  /** Somebody loaded another candidate: mostly it is a better one. */
  candidateChanged(): void {
    if (this.world.dice.chance(0.7)) Object.assign(this.quality, GOOD);
  }

  private arm(second: number): void {
    const { world, plan } = this;
    if (world.armed !== null && second - this.armedS < PATIENCE_S) return;
    if (second - this.armedS < 10) return;
    const point = plan[this.planned];
    world.armed = null;
    if (point === undefined || this.places[0].supervisor === null) return;
    this.planned += 1;
    this.armedS = second;
    this.provoke(point);
    if (point === 'at any moment') {
      const { supervisor } = this.places[0];
      if (supervisor === null) return;
      world.tally.points[point] += 1;
      world.time.after(world.dice.between(1, 999), () => supervisor.kill(point));
      return;
    }
    world.armed = point;
    world.say('chaos', () => `whoever comes by "${point}" dies`);
  }

  /** Makes it likely that somebody comes by. */
  private provoke(point: CrashPoint): void {
    const { dice } = this.world;
    const { weather } = this.places[0];
    if (point === 'verdict, no rollback') {
      this.quality.candidate = 0.3;
      this.urge('exposure');
    }
    if (/keep|forget|relief|not stored/.test(point)) this.urge('relief');
    if (/keep|forget/.test(point) && weather.mode === 'fine')
      this.storm(this.places[0], 'down', dice.between(8, 20));
    if (/recall|acquire|forget/.test(point)) {
      const { supervisor } = this.places[0];
      if (supervisor !== null)
        this.world.time.after(dice.between(12_000, 25_000), () => supervisor.kill('restart'));
    }
  }

  private strike(fault: Fault): void {
    const { world, places, quality } = this;
    const { dice, time } = world;
    const place = dice.chance(0.8) ? places[0] : places[1];
    const worker = dice.pick(place.supervisor?.workers ?? []) as SimWorker | undefined;
    world.struck(fault);
    world.say('chaos', () => `${fault} (${place.name})`);
    switch (fault) {
      case 'store down':
        return this.storm(place, 'down', dice.between(2, 30));
      case 'store hangs':
        return this.storm(place, 'hangs', dice.between(2, 20));
      case 'store slow':
        return this.storm(place, 'slow', dice.between(3, 25));
      case 'commit unheard':
      case 'commit lost':
        place.weather.commit = fault === 'commit lost' ? 'unsaid' : 'lost';
        return;
      case 'disk full':
        place.disk.full = true;
        place.disk.crammed = dice.chance(0.5);
        time.after(dice.between(5_000, 30_000), () =>
          Object.assign(place.disk, { full: false, crammed: false }),
        );
        return;
      case 'lease stolen':
        void place.rob(dice.between(500, 12_000));
        return;
      case 'competitor':
        void places[1].start();
        return;
      case 'clock forward':
        return time.jump(dice.chance(0.7) ? dice.between(500, 20_000) : dice.between(20_000, 600_000));
      case 'clock back':
        return time.jump(-(dice.chance(0.7) ? dice.between(500, 20_000) : dice.between(20_000, 120_000)));
      case 'worker dies':
        if (worker !== undefined) place.supervisor?.workerDied(worker, 'it was killed');
        return;
      case 'worker late':
      case 'worker deaf':
        if (worker !== undefined) this.ail(place, worker, fault === 'worker late' ? 'late' : 'deaf');
        return;
      case 'delta lost':
        this.loses = true;
        return;
      case 'candidate worse':
        quality.candidate = dice.pick([0.06, 0.12, 0.25]);
        return;
      case 'candidate bursts':
        return this.passing({ candidate: 0.5 }, dice.between(1, 8));
      case 'candidate differs':
        quality.differs = dice.pick([0.08, 0.3]);
        return;
      case 'legacy incident':
        return this.passing(dice.chance(0.5) ? { common: 0.4 } : { legacy: 0.3 }, dice.between(3, 20));
    }
  }

  private passing(worse: Partial<Quality>, seconds: number): void {
    const before = { ...this.quality };
    Object.assign(this.quality, worse);
    this.world.time.after(seconds * 1_000, () =>
      Object.assign(this.quality, this.world.calm ? GOOD : before),
    );
  }

  private storm(place: Place, mode: 'down' | 'hangs' | 'slow', seconds: number): void {
    if (place.weather.mode !== 'fine') return;
    place.weather.mode = mode;
    this.world.say(place.name, () => `the store is ${mode} for ${seconds} s`);
    this.world.time.after(seconds * 1_000, () => this.heal(place));
  }

  private heal(place: Place): void {
    if (place.weather.mode === 'fine') return;
    place.weather.mode = 'fine';
    this.world.say(place.name, () => 'the store is well');
    void place.supervisor?.link.catchUp();
  }

  private ail(place: Place, worker: SimWorker, mood: 'late' | 'deaf'): void {
    worker.mood = mood;
    worker.silentS = this.world.dice.between(0, 9);
    this.world.time.after(this.world.dice.between(3_000, 15_000), () => this.cure(place, worker));
  }

  private cure(place: Place, worker: SimWorker): void {
    if (worker.mood === 'prompt') return;
    worker.mood = 'prompt';
    place.supervisor?.catchUp(worker);
  }
}
