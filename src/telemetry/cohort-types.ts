/** Methods that change nothing (GET, HEAD, OPTIONS), and all others. */
export type MethodClass = 'read' | 'write';

/** Where a request that cannot be paired belongs. */
export interface CohortScope {
  readonly region: string;
  readonly route: string;
  readonly methods: MethodClass;
}

/** Users of both cohorts that one worker saw since its previous delta: not yet told apart from those seen before. */
export interface CohortDelta {
  readonly scopes: readonly CohortScope[];
  /** Three words each: see `cohort-buffer.ts`. */
  readonly entries: Uint32Array;
  /** Answers that found no room. */
  readonly lost: number;
  /** Users whose lot for the sample was drawn, two words each: see `sample-buffer.ts`. Not there without any. */
  readonly sampled?: Uint32Array | undefined;
}

/** New users whose lot for the sample was drawn: in it, and not. */
export interface SampleUsers {
  readonly chosen: number;
  readonly left: number;
}

/** Users of one cohort, each counted once in an epoch. */
export interface CohortUsers {
  readonly users: number;
  /** Of these: they got a bad answer. */
  readonly bad: number;
}

/** New users of the two cohorts of one route. */
export interface RouteUsers {
  readonly route: string;
  readonly methods: MethodClass;
  /** At most `LIMITS.cohortRouteUsers` of each in an epoch. */
  readonly candidate: number;
  readonly legacy: number;
}

/** New users of the two cohorts of one region: drawn by lot, of equal size. */
export interface RegionCohorts {
  readonly region: string;
  readonly candidate: CohortUsers;
  readonly legacy: CohortUsers;
  /** Answers whose users were not counted, because there was no room. */
  readonly lost: number;
  readonly routes: readonly RouteUsers[];
}

/** What a window adds to the cohorts. */
export interface WindowCohorts {
  /** Names the memory that told new users from known ones: counts of two memories know the same users, and never add up. */
  readonly set: string;
  /** Earlier memories whose counts were given up for this one, oldest first. */
  readonly earlier: readonly string[];
  readonly regions: readonly RegionCohorts[];
  /** Not there where no user's lot for the sample was drawn. */
  readonly sample?: SampleUsers | undefined;
}
