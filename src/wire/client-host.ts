import type { Call } from './call.ts';
import type { ClientConnection } from './client-connection.ts';
import type { Sweeper } from './sweeper.ts';
import type { PoolOptions } from './types.ts';

/** What a connection needs from its pool. */
export interface ClientHost {
  readonly options: PoolOptions;
  readonly sweeper: Sweeper;
  /** The connection is clean and may carry another call. */
  onFree(connection: ClientConnection): void;
  /** The connection is no longer usable. Called once, before anybody hears about the call it carried. */
  onGone(connection: ClientConnection): void;
  /** A call lost its reused connection and goes to another one, once. */
  onRetry(call: Call): void;
}
