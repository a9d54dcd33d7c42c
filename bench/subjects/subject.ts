import type { Certificate } from '../certificate.ts';

/** What a subject has to do. */
export interface Task {
  /** Ports of the server that answers clients, and of the one that gets copies. */
  readonly legacyPort: number;
  readonly candidatePort: number;
  /** Share of the requests that is copied; 0 for none. */
  readonly copied: 0 | 0.1 | 1;
  readonly workers: number;
  /** For clients that speak TLS; null for plain HTTP. */
  readonly certificate: Certificate | null;
  /** Who signs for clients: each has to show a certificate. */
  readonly clientCaFile?: string;
  /** Each request has to bring a token by this key: as a key set, and as PEM. */
  readonly keys?: { readonly keySetFile: string; readonly publicKeyFile: string };
}

/** A subject that serves. */
export interface Running {
  /** Without a path. */
  readonly url: string;
  /** The process at the top of its tree. */
  readonly pid: number;
  /** Its workers, where they are processes of their own. */
  readonly workers: () => readonly number[];
  /** Other ports of the same process, by name. */
  readonly siblings?: Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
}

/** Something that is measured. */
export interface Subject {
  readonly name: string;
  /** Version, as it says it itself; null where it is not installed. */
  readonly version: () => string | null;
  /** @throws {@link CannotMeasure} where it is not installed or cannot do this task */
  readonly start: (task: Task) => Promise<Running>;
}

/** Why a subject has no figures here: no defect, and no reason to stop. */
export class CannotMeasure extends Error {
  override readonly name = 'CannotMeasure';
}
