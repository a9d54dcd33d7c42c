import type { RandomSource } from '../core/random.ts';
import type { MixEntry } from './schema-traffic.ts';

/** One request of a client. */
export interface PlannedRequest {
  readonly method: string;
  readonly target: string;
  /** name, value, name, value, … */
  readonly headers: readonly string[];
  readonly body: string | Buffer | null;
}

/** Gives the next request of one stretch of traffic. */
export type RequestSource = (random: RandomSource) => PlannedRequest;

const RANGE = /\{(\d{1,9})\.\.(\d{1,9})\}/g;

/** Draws requests by weight; `{1..50}` in a path is a number drawn anew each time. */
export function mixSource(mix: readonly MixEntry[]): RequestSource {
  const total = mix.reduce((sum, { weight }) => sum + weight, 0);
  const plain = mix.map(({ headers }) => Object.entries(headers).flat());
  return (random) => {
    let rest = random.next() * total;
    const found = mix.findIndex(({ weight }) => (rest -= weight) < 0);
    const index = found === -1 ? mix.length - 1 : found;
    const entry = mix[index] as MixEntry;
    return {
      method: entry.method,
      target: drawnPath(entry.path, random),
      headers: plain[index] ?? [],
      body: entry.body ?? null,
    };
  };
}

function drawnPath(path: string, random: RandomSource): string {
  return path.replace(RANGE, (_whole, low: string, high: string) =>
    String(Number(low) + Math.floor(random.next() * (Number(high) - Number(low) + 1))),
  );
}

/** Takes recorded requests one after the other, and from the start again. */
export function recordedSource(requests: readonly PlannedRequest[]): RequestSource {
  let at = 0;
  return () => requests[at++ % requests.length] as PlannedRequest;
}

/** Draws one of so many users: the value of the cookie sid. */
export function drawUser(users: number, random: RandomSource): string {
  return `user-${Math.floor(random.next() * users) + 1}`;
}

/** The headers with the user's cookie in them, beside cookies that are there already. */
export function withUser(headers: readonly string[], user: string): string[] {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'cookie');
  if (at === -1) return [...headers, 'cookie', `sid=${user}`];
  return headers.with(at + 1, `${headers[at + 1]}; sid=${user}`);
}
