import type { Differences } from '../control/schema/differences.ts';
import type { StatusGate } from '../control/schema/gate.ts';
import type { ExitResult } from './result-schema.ts';
import type { Fault } from './schema-faults.ts';
import type { ChangedSetting, UsualTimes } from './usual.ts';

/** What a rehearsal is going to do, known before anything is started. */
export interface Opening {
  readonly scenario: string;
  readonly about: string | null;
  readonly seed: number;
  /** What is the legacy lane on this machine. */
  readonly legacy: string;
  /** Upstreams by name: `embedded`, or `nginx` and its version. */
  readonly upstreams: Readonly<Record<string, string>>;
  readonly changed: readonly ChangedSetting[];
  readonly usual: UsualTimes | null;
}

/** Something that happened in a rehearsal, for people who watch it. */
export type Happening =
  | { readonly kind: 'opening'; readonly opening: Opening }
  | { readonly kind: 'serving'; readonly listeners: readonly { address: string; region: string | null }[] }
  | { readonly kind: 'said'; readonly text: string }
  | { readonly kind: 'configured'; readonly keys: readonly string[] }
  | { readonly kind: 'fault'; readonly on: boolean; readonly fault: Fault }
  | { readonly kind: 'runs'; readonly run: string }
  | { readonly kind: 'ran'; readonly exit: ExitResult }
  | { readonly kind: 'position'; readonly from: string | null; readonly to: string }
  | { readonly kind: 'withdrawn'; readonly region: string }
  | { readonly kind: 'gate'; readonly position: string; readonly gate: StatusGate }
  | { readonly kind: 'class'; readonly found: Differences['classes'][number] };

/** Hears what happens. */
export type Tell = (happening: Happening) => void;
