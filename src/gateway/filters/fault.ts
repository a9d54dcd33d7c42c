import type { FailureCode } from '../../core/errors.ts';

/** A filter failed and its request is to be refused. */
export class FilterFault extends Error {
  override readonly name = 'FilterFault';
  readonly isLate: boolean;

  constructor(message: string, isLate: boolean) {
    super(message);
    this.isLate = isLate;
  }
}

/** The code of what a filter of the candidate lane threw. */
export function laneFault(thrown: unknown): FailureCode {
  return thrown instanceof FilterFault && thrown.isLate ? 'filter_timeout' : 'filter_failed';
}

/** The same before both lanes: neither is to blame. */
export function edgeFault(thrown: unknown): FailureCode {
  return thrown instanceof FilterFault && thrown.isLate ? 'edge_filter_timeout' : 'edge_filter_failed';
}
