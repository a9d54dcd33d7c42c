/** How a run ends: 0 when it drained; the signal's code when a second signal cut that short. */
export type ExitCode = number;

const CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** A terminal's Ctrl-C may reach a process twice, once passed on by its parent: that is one signal. */
const SAME_SIGNAL_MS = 500;

/** Turns signals into two promises: stop, and stop now. */
export class Shutdown {
  /** Resolves at the first SIGINT or SIGTERM, or when the given signal aborts. */
  readonly requested: Promise<void>;
  /** Resolves with the exit code at the second one. */
  readonly forced: Promise<ExitCode>;
  private readonly undo: (() => void)[] = [];

  /** @param signal asks for the same as a first SIGTERM */
  constructor(signal: AbortSignal) {
    const requested = Promise.withResolvers<void>();
    const forced = Promise.withResolvers<ExitCode>();
    this.requested = requested.promise;
    this.forced = forced.promise;
    let armed = false;
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      this.on(name, () => {
        if (armed) forced.resolve(CODES[name]);
        requested.resolve();
        setTimeout(() => (armed = true), SAME_SIGNAL_MS).unref();
      });
    }
    const abort = (): void => requested.resolve();
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    this.undo.push(() => signal.removeEventListener('abort', abort));
  }

  /** Hears a signal until {@link dispose}. */
  on(name: NodeJS.Signals, handler: () => void): void {
    process.on(name, handler);
    this.undo.push(() => void process.off(name, handler));
  }

  /** Gives the signals back. */
  dispose(): void {
    for (const undo of this.undo.splice(0)) undo();
  }
}
