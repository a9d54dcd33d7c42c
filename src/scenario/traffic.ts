import { resolve } from 'node:path';
import { hash32 } from '../core/hash.ts';
import { seededRandom } from '../core/random.ts';
import { readCapture } from './captures.ts';
import { Clients } from './client.ts';
import { drawUser, mixSource, recordedSource, withUser } from './mix.ts';
import type { PlannedRequest, RequestSource } from './mix.ts';
import type { Stretch } from './open-loop.ts';
import { scheduleOf } from './schedule.ts';
import type { Traffic } from './schema-traffic.ts';
import { REQUEST_KEY } from './upstream-server.ts';

/** Where a scenario is, and what is drawn from. */
export interface TrafficInputs {
  /** Relative paths start here. */
  readonly folder: string;
  readonly seed: number;
  /** The address a stretch goes to. */
  readonly origin: (traffic: Traffic) => string;
}

/**
 * Traffic as it is sent. Each stretch draws from a source of its own, so that the one does not depend on how fast
 * the other is.
 * @throws CutoverError CAPTURE when a file cannot be used
 */
export function stretchesOf(traffic: readonly Traffic[], inputs: TrafficInputs): Stretch[] {
  const sources = traffic.map((part) => sourceOf(part, inputs.folder));
  const clients = new Map<string, Clients>();
  return traffic.map((part, at) => {
    const origin = inputs.origin(part);
    const shared = clients.get(origin) ?? new Clients(origin);
    clients.set(origin, shared);
    const source = sources[at] as RequestSource;
    return {
      schedule: scheduleOf(part),
      clients: shared,
      random: seededRandom(hash32(`traffic ${at}`, inputs.seed)),
      next: (random, index) => keyed(source(random), part, random, `${at}.${index}`),
    };
  });
}

function sourceOf({ mix, file }: Traffic, folder: string): RequestSource {
  return mix === undefined ? recordedSource(readCapture(resolve(folder, file ?? ''))) : mixSource(mix);
}

/** With the request's name on it, and its user where there is more than one. */
function keyed(
  request: PlannedRequest,
  { users }: Traffic,
  random: Stretch['random'],
  key: string,
): PlannedRequest {
  const headers = users > 1 ? withUser(request.headers, drawUser(users, random)) : request.headers;
  return { ...request, headers: [...headers, REQUEST_KEY, key] };
}
