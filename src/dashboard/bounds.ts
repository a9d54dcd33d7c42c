/** Every bound of the dashboard: a number, its unit in the name, and why it is that number. */
export const BOUNDS = {
  /** Frames a second at the most: readings come once a second, and slow terminals flicker. */
  framesPerSecond: 8,
  /** An answer that takes longer is missed on the screen, and from then on counted in such steps. */
  lateMs: 2_000,
  /** Time between two looks at the classes of differences: they change slowly and the answer is long. */
  differencesMs: 5_000,
  /** Wait before a broken event stream is asked for again: what the stream itself suggests. */
  eventsRetryMs: 1_000,
  /** Classes asked for: more than any terminal shows, so that scrolling has something to show. */
  classes: 50,
  /** Entries of the history that stand for the time before the dashboard. */
  pastEntries: 20,
  /** Events kept; the oldest are given up first. */
  events: 200,
  /** Points of a sparkline that are kept, and the time between two: ten minutes. */
  points: 120,
  pointMs: 5_000,
  /** Counters that moved over less than this say nothing about a rate: workers report once a second. */
  rateMs: 3_000,
  /** Characters of one foreign text that are looked at: the widest terminals have fewer columns. */
  textChars: 300,
  /** Keys taken from one read of the terminal; more is a paste. */
  keysAtOnce: 4,
  /** Events shown in the overview; the pane has all. */
  eventsInOverview: 5,
  /** Classes shown in the overview; the pane has all. */
  classesInOverview: 5,
  /** Alarms shown above everything else. */
  alarms: 3,
} as const;
