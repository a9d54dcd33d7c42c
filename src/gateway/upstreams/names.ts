import { isIP } from 'node:net';
import { unixPath } from '../../core/unix-address.ts';
import type { RandomSource } from '../../core/random.ts';
import { systemRandom } from '../../core/random.ts';
import { LIMITS } from '../../core/limits.ts';
import { serviceName } from '../../core/service-name.ts';
import type { Place } from './places.ts';
import type { Resolve } from './resolve.ts';

type Listener = (places: readonly Place[]) => void;

interface Entry {
  readonly name: string;
  readonly listeners: Set<Listener>;
  /** The last ones that were found; null before the first answer. */
  places: readonly Place[] | null;
  timer: NodeJS.Timeout | null;
  hasFailed: boolean;
}

/** A refresh is asked for after this share of the time to live at the earliest: workers do not ask in step. */
const EARLIEST_REFRESH = 0.8;

/** True for a host whose addresses the DNS knows: no address, no service, and not this machine. */
export function isDnsName(host: string): boolean {
  if (isIP(host) !== 0 || unixPath(host) !== null || serviceName(host) !== null) return false;
  return host !== 'localhost' && !host.endsWith('.localhost');
}

/** True for what is watched: a name, or a service. */
export function isWatched(host: string): boolean {
  return serviceName(host) !== null || isDnsName(host);
}

/**
 * Addresses of names and services, asked for again before they expire. It lives as long as its worker, so that a new
 * configuration starts with the addresses that are known. A name that can not be resolved any more keeps its last
 * ones: a DNS that is down takes no server away.
 */
export class NameKeeper {
  private readonly resolve: Resolve;
  private readonly log: (message: string) => void;
  private readonly random: RandomSource;
  private readonly entries = new Map<string, Entry>();

  constructor(resolve: Resolve, log: (message: string) => void, random: RandomSource = systemRandom) {
    this.resolve = resolve;
    this.log = log;
    this.random = random;
  }

  /**
   * Tells where a name or service is: at once if they are known, and whenever they change.
   * @returns ends it; the last one to end it ends the asking
   */
  watch(name: string, listener: Listener): () => void {
    let entry = this.entries.get(name);
    if (entry === undefined) {
      entry = { name, listeners: new Set(), places: null, timer: null, hasFailed: false };
      this.entries.set(name, entry);
      void this.refresh(entry);
    }
    const watched = entry;
    watched.listeners.add(listener);
    if (watched.places !== null) listener(watched.places);
    return () => {
      watched.listeners.delete(listener);
      if (watched.listeners.size === 0) this.forget(watched);
    };
  }

  /** Resolves when every name has been answered, one way or the other, but after `waitMs` at the latest. */
  async settled(waitMs: number): Promise<void> {
    const isOpen = () =>
      [...this.entries.values()].some((entry) => entry.places === null && !entry.hasFailed);
    for (let waited = 0; waited < waitMs && isOpen(); waited += POLL_MS) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  private forget(entry: Entry): void {
    if (entry.timer !== null) clearTimeout(entry.timer);
    if (this.entries.get(entry.name) === entry) this.entries.delete(entry.name);
  }

  private async refresh(entry: Entry): Promise<void> {
    entry.timer = null;
    const answer = await this.resolve(entry.name, entry.places !== null);
    if (this.entries.get(entry.name) !== entry) return;
    if ('failed' in answer) this.keep(entry, answer.failed);
    else this.take(entry, answer.places);
    const ms = 'failed' in answer ? LIMITS.dnsRetryMs : answer.ttlMs;
    const share = EARLIEST_REFRESH + (1 - EARLIEST_REFRESH) * this.random.next();
    entry.timer = setTimeout(() => void this.refresh(entry), ms * share);
    entry.timer.unref();
  }

  private keep(entry: Entry, code: string): void {
    if (!entry.hasFailed) {
      const service = serviceName(entry.name);
      const unknown = service === null ? 'each connection looks it up' : 'it has no server';
      const then = entry.places === null ? unknown : 'its last addresses are kept';
      const what = service === null ? `the name ${entry.name}` : `the service ${service}`;
      this.log(`${what} can not be resolved (${code}); ${then}`);
    }
    entry.hasFailed = true;
  }

  private take(entry: Entry, places: readonly Place[]): void {
    entry.hasFailed = false;
    if (entry.places !== null && textOf(entry.places) === textOf(places)) return;
    entry.places = places;
    for (const listener of entry.listeners) listener(places);
  }
}

function textOf(places: readonly Place[]): string {
  return places.map(({ host, port, weight }) => `${host} ${port} ${weight}`).join();
}

/** How often a start looks whether its names are resolved. */
const POLL_MS = 10;
