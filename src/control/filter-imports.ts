import { messageOf } from '../core/errors.ts';
import { definitionOf } from '../core/filter-definition.ts';
import { optionsOf } from '../core/filter-options.ts';
import type { LoadedFilter } from '../core/filter-options.ts';
import { importFilter } from '../core/filter-modules.ts';
import { canonicalJson } from '../core/hash.ts';
import { LIMITS } from '../core/limits.ts';
import type { ModuleFilterConfig } from '../core/filter-config.ts';
import type { GatewayConfig } from '../core/snapshot.ts';
import type { FilterDefinitions } from '../gateway/filters/user/shop.ts';

/** The filters that users wrote, as this worker has loaded them: a snapshot with others has to wait for {@link load}. */
export class FilterImports implements FilterDefinitions {
  private readonly known = new Map<string, LoadedFilter>();

  loaded(config: ModuleFilterConfig): LoadedFilter | null {
    return this.known.get(keyOf(config)) ?? null;
  }

  /** Those of a configuration that are not loaded. */
  missing({ candidate }: GatewayConfig): ModuleFilterConfig[] {
    const modules = candidate.filters.filter((config) => config.kind === 'module');
    return modules.filter((config) => !this.known.has(keyOf(config)));
  }

  /** @throws Error naming the filter that cannot be loaded */
  async load(configs: readonly ModuleFilterConfig[]): Promise<void> {
    await Promise.all(configs.map((config) => this.loadOne(config)));
  }

  /** Lets go of what this configuration does not name; Node itself keeps the code of a module that was loaded once. */
  keepOnly({ candidate }: GatewayConfig): void {
    const kept = new Set(candidate.filters.filter((config) => config.kind === 'module').map(keyOf));
    for (const key of this.known.keys()) if (!kept.has(key)) this.known.delete(key);
  }

  private async loadOne(config: ModuleFilterConfig): Promise<void> {
    try {
      const found = definitionOf(await inTime(importFilter(config)));
      if (!found.ok) throw new Error(found.message);
      const read = optionsOf(found.definition, config.options);
      if (!read.ok) throw new Error(`its parse refuses the options: ${read.issues[0]?.message}`);
      this.known.set(keyOf(config), { definition: found.definition, options: read.options });
    } catch (thrown) {
      throw new Error(`the filter ${config.name} cannot be loaded: ${messageOf(thrown)}`, { cause: thrown });
    }
  }
}

/** A module is imported once for all of its options. */
function keyOf({ path, version, options }: ModuleFilterConfig): string {
  return `${path}?${version}#${canonicalJson(options)}`;
}

async function inTime(pending: Promise<unknown>): Promise<unknown> {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = () => reject(new Error(`it did not load within ${LIMITS.filterLoadMs} ms`));
  const timer = setTimeout(late, LIMITS.filterLoadMs);
  try {
    return await Promise.race([pending, promise]);
  } finally {
    clearTimeout(timer);
  }
}
