import type { ServerConfig } from '../../core/snapshot.ts';
import { isDnsName } from './names.ts';
import type { NameKeeper } from './names.ts';
import type { ServerAddress } from './server.ts';

/**
 * The addresses behind configured servers. Each address of a name is a server; while none is known, the name itself
 * is, and the system looks it up for each connection.
 */
export class AddressList {
  private readonly servers: readonly ServerConfig[];
  private readonly changed: (addresses: readonly ServerAddress[]) => void;
  private readonly resolved = new Map<string, readonly string[]>();
  private readonly ends: (() => void)[] = [];

  /** @param changed is called at once, and whenever an address comes or goes; never with none */
  constructor(
    servers: readonly ServerConfig[],
    names: NameKeeper,
    changed: (addresses: readonly ServerAddress[]) => void,
  ) {
    this.servers = servers;
    this.changed = changed;
    let isBuilt = false;
    const hosts = new Set(servers.map(({ host }) => host).filter(isDnsName));
    for (const host of hosts) {
      const end = names.watch(host, (addresses) => {
        this.resolved.set(host, addresses);
        if (isBuilt) this.tell();
      });
      this.ends.push(end);
    }
    isBuilt = true;
    this.tell();
  }

  private tell(): void {
    this.changed(
      this.servers.flatMap((server, entry) =>
        (this.resolved.get(server.host) ?? [server.host]).map((host) => ({ entry, server, host })),
      ),
    );
  }

  close(): void {
    for (const end of this.ends) end();
  }
}
