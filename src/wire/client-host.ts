import type { FailureCode } from '../core/errors.ts';
import type { Call } from './call.ts';
import type { ClientConnection } from './client-connection.ts';
import type { Sweeper } from './sweeper.ts';
import type { TunnelHost } from './tunnel.ts';
import type { PoolOptions } from './types.ts';

/** What a connection needs from its pool. */
export interface ClientHost extends TunnelHost {
  readonly options: PoolOptions;
  readonly sweeper: Sweeper;
  /** The connection stands: TCP, and TLS where it is asked for; or it could not be made. One of the two, or neither. */
  onReached(): void;
  onUnreached(connection: ClientConnection, code: FailureCode): void;
  /** The connection is clean and may carry another call. */
  onFree(connection: ClientConnection): void;
  /** The connection is no longer usable. Called once, before anybody hears about the call it carried. */
  onGone(connection: ClientConnection): void;
  /** It is a tunnel's from now on: gone from the pool, and counted until `onTunnelOver`. */
  onSwitched(connection: ClientConnection): void;
  /** A call lost its reused connection and goes to another one, once. */
  onRetry(call: Call): void;
}
