import type { FilterConfig } from '../core/filter-config.ts';
import type { JwtFilterConfig, JwtIssuer } from '../core/token-policy.ts';
import { TokenVerifier } from './jwt.ts';
import { FixedKeys, KeyKeeper } from './key-keeper.ts';
import type { KeyLog, KeySource } from './key-keeper.ts';
import { VerifyGate } from './verify-gate.ts';

/**
 * The verifiers of one configuration and the keepers of their keys. What the configuration before it said in the same
 * words goes on: its keys, and the tokens it has verified.
 */
export class Identity {
  private readonly keepers = new Map<string, KeyKeeper>();
  private readonly verifiers = new Map<string, TokenVerifier>();
  private readonly gate: VerifyGate;

  constructor(filters: readonly FilterConfig[], before: Identity | null, log: KeyLog) {
    this.gate = before?.gate ?? new VerifyGate();
    for (const config of filters) {
      if (config.kind !== 'jwt') continue;
      const same = JSON.stringify(config);
      const keysOf = config.issuers.map((issuer) => this.keysOf(issuer, before, log));
      const known = before?.verifiers.get(same);
      const verifier =
        known ??
        new TokenVerifier(config, (issuer) => keysOf[config.issuers.indexOf(issuer)] as KeySource, this.gate);
      this.verifiers.set(same, verifier);
    }
  }

  /** The verifier of a filter of this configuration. */
  verifier(config: JwtFilterConfig): TokenVerifier {
    return this.verifiers.get(JSON.stringify(config)) as TokenVerifier;
  }

  /** Waits until every first fetch of keys is over, this long at the most. */
  async settled(timeoutMs: number): Promise<void> {
    const firsts = [...this.keepers.values()].map(({ first }) => first).filter((first) => first !== null);
    if (firsts.length === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
    await Promise.race([Promise.all(firsts), timeout]);
    clearTimeout(timer);
  }

  /** Nothing runs on this configuration any more. */
  letGo(): void {
    for (const keeper of this.keepers.values()) keeper.letGo();
  }

  private keysOf({ keys }: JwtIssuer, before: Identity | null, log: KeyLog): KeySource {
    if ('text' in keys) return new FixedKeys(keys.text);
    const same = JSON.stringify(keys);
    const open = this.keepers.get(same);
    if (open !== undefined) return open;
    const keeper = (before?.keepers.get(same) ?? new KeyKeeper(keys, log)).hold();
    this.keepers.set(same, keeper);
    return keeper;
  }
}
