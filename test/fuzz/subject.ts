import type { Draw } from './draw.ts';

/** One thing that is fuzzed: how its inputs are made, and what must hold for each. */
export interface Subject {
  readonly name: string;
  /** A new input from the draws. */
  readonly make: (draw: Draw) => string;
  /** @returns what is wrong with the gateway's treatment of this input, or null; `draw` decides about slicing */
  readonly check: (input: string, draw: Draw) => string | null | Promise<string | null>;
  /** Inputs that are checked before any is made. */
  readonly corpus: readonly string[];
  readonly close?: () => Promise<void>;
}
