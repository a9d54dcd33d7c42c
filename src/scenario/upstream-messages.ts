import type { ActiveFault } from './fault-effects.ts';
import type { Served } from './upstream-server.ts';

/** What the rehearsal tells the thread of an upstream. */
export type ToUpstream =
  | { readonly type: 'start'; readonly fault: ActiveFault }
  | { readonly type: 'end'; readonly number: number }
  | { readonly type: 'count' };

/** What the thread says: it listens, or what it has served. */
export type FromUpstream =
  | { readonly type: 'listening' }
  | { readonly type: 'served'; readonly served: Served };
