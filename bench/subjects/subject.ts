/** What a subject has to do. */
export interface Task {
  /** Ports of the server that answers clients, and of the one that gets copies. */
  readonly legacyPort: number;
  readonly candidatePort: number;
  /** Share of the requests that is copied; 0 for none. */
  readonly copied: number;
  readonly workers: number;
}

/** A subject that serves. */
export interface Running {
  readonly url: string;
  /** The process at the top of its tree. */
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

/** Something that is measured. */
export interface Subject {
  readonly name: string;
  /** Version, as it says it itself. */
  readonly version: () => string;
  readonly start: (task: Task) => Promise<Running>;
}
