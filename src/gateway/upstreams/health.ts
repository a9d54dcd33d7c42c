import { HeaderFields } from '../../core/headers.ts';
import type { RandomSource } from '../../core/random.ts';
import type { HealthPolicy, ServerConfig } from '../../core/snapshot.ts';
import { createPool } from '../../wire/pool.ts';
import type { Outbound, OutboundHandler, Pool, PoolOptions, ResponseHead } from '../../wire/types.ts';
import { addressKey, poolTarget } from './server.ts';
import type { ServerAddress } from './server.ts';

/** How far the wait between two questions strays from the interval: workers and nodes do not ask in step. */
const JITTER = 0.2;

/** What a check needs to know besides its policy. */
interface Asking {
  readonly policy: HealthPolicy;
  readonly host: string;
  readonly random: RandomSource;
  readonly changed: () => void;
  readonly secureFor: SecureFor;
}

/** TLS to one server, or undefined for plain HTTP. */
type SecureFor = (server: ServerConfig) => PoolOptions['secure'];

/**
 * Active health of the servers of one upstream, for all that use it: GET on its path from this worker, on connections
 * of its own. 2xx and 3xx are well, everything else and silence is not. A server is well until it failed often enough.
 */
export class HealthChecks {
  private readonly asking: Asking;
  private readonly listeners: (() => void)[] = [];
  private checks = new Map<string, HealthCheck>();

  /** @param host sent as Host */
  constructor(policy: HealthPolicy, host: string, random: RandomSource, secureFor: SecureFor) {
    const changed = () => this.listeners.forEach((listener) => listener());
    this.asking = { policy, host, random, changed, secureFor };
  }

  isHealthy(key: string): boolean {
    return this.checks.get(key)?.isHealthy ?? true;
  }

  /** Calls back whenever a server changes its state. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Replaces the servers that are asked; those that stay keep their state. */
  setServers(addresses: readonly ServerAddress[]): void {
    const old = this.checks;
    this.checks = new Map(
      addresses.map((address) => {
        const key = addressKey(address);
        const check = old.get(key) ?? new HealthCheck(address, this.asking);
        old.delete(key);
        return [key, check];
      }),
    );
    for (const check of old.values()) check.close();
  }

  close(): void {
    this.setServers([]);
  }
}

/** The questions to one server, one at a time. */
class HealthCheck implements OutboundHandler {
  isHealthy = true;
  private readonly asking: Asking;
  private readonly pool: Pool;
  private call: Outbound | null = null;
  private timer: NodeJS.Timeout | null = null;
  private isWell = false;
  /** Answers in a row that contradict the state. */
  private contrary = 0;
  private isClosed = false;

  constructor(address: ServerAddress, asking: Asking) {
    this.asking = asking;
    const ms = asking.policy.timeoutMs;
    this.pool = createPool({
      ...poolTarget(address),
      secure: asking.secureFor(address.server),
      timeouts: { connectMs: ms, firstByteMs: ms, idleMs: ms, totalMs: ms },
      maxConnections: 1,
      maxWaiting: 1,
      retry: true,
    });
    this.wait(asking.random.next());
  }

  /** @param share of the interval */
  private wait(share: number): void {
    this.timer = setTimeout(() => this.ask(), share * this.asking.policy.intervalMs);
    this.timer.unref();
  }

  private ask(): void {
    const { policy, host } = this.asking;
    this.isWell = false;
    const fields = new HeaderFields(['User-Agent', 'cutover-health']);
    const head = {
      method: 'GET',
      target: policy.path,
      host,
      fields,
      framing: 'none',
      contentLength: 0,
      upgrade: '',
    } as const;
    this.call = this.pool.call(head, this);
  }

  onHead({ status }: ResponseHead): void {
    this.isWell = status >= 200 && status < 400;
  }
  onEnd(): void {
    this.answered(this.isWell);
  }
  onFailure(): void {
    this.answered(false);
  }
  onSent(): void {}
  onInform(): void {}
  onData(): void {}
  onWritable(): void {}

  private answered(isWell: boolean): void {
    if (this.isClosed) return;
    this.call = null;
    this.wait(1 + JITTER * (this.asking.random.next() * 2 - 1));
    if (isWell === this.isHealthy) {
      this.contrary = 0;
      return;
    }
    this.contrary += 1;
    const { healthy, unhealthy } = this.asking.policy;
    if (this.contrary < (isWell ? healthy : unhealthy)) return;
    this.contrary = 0;
    this.isHealthy = isWell;
    this.asking.changed();
  }

  close(): void {
    this.isClosed = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.call?.abort();
    this.pool.close();
  }
}
