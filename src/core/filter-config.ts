/** One file of a filter that a user wrote, as it was checked. */
export interface FilterSource {
  readonly path: string;
  readonly format: 'module' | 'module-typescript' | 'json';
  readonly text: string;
}

/** A filter that a user wrote: its module and all files of it, so that every worker runs the same. */
export interface ModuleFilterConfig {
  readonly kind: 'module';
  readonly name: string;
  readonly enforceAt: 'candidate' | 'edge';
  readonly path: string;
  /** Of `files`. */
  readonly version: string;
  readonly files: readonly FilterSource[];
  /** What the configuration says instead of the module; null keeps the module's own. */
  readonly failure: 'open' | 'closed' | null;
  readonly budgetMs: number | null;
}
