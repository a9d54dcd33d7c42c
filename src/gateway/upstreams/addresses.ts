import { serviceDomain, serviceName } from '../../core/service-name.ts';
import type { ServerConfig } from '../../core/snapshot.ts';
import { isWatched } from './names.ts';
import type { NameKeeper } from './names.ts';
import type { Place } from './places.ts';
import type { ServerAddress } from './server.ts';

/**
 * The addresses behind configured servers. Each address of a name or service is a server; while none is known, the
 * name itself is, and the system looks it up for each connection.
 */
export class AddressList {
  private readonly servers: readonly ServerConfig[];
  private readonly changed: (addresses: readonly ServerAddress[]) => void;
  private readonly resolved = new Map<string, readonly Place[]>();
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
    const hosts = new Set(servers.map(({ host }) => host).filter(isWatched));
    for (const host of hosts) {
      const end = names.watch(host, (places) => {
        this.resolved.set(host, places);
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
        (this.resolved.get(server.host) ?? [nowhere(server)]).map((place) => addressAt(entry, server, place)),
      ),
    );
  }

  close(): void {
    for (const end of this.ends) end();
  }
}

/** While nothing is known about a name the name itself is connected to; a service has no address to try. */
function nowhere(server: ServerConfig): Place {
  const isService = serviceName(server.host) !== null;
  return { host: isService ? REFUSING_HOST : server.host, port: null, weight: 1 };
}

/** With the port 0 of a service the system refuses at once, and asks nobody. */
const REFUSING_HOST = '127.0.0.1';

function addressAt(entry: number, server: ServerConfig, { host, port, weight }: Place): ServerAddress {
  const service = serviceName(server.host);
  if (service === null) return { entry, server, host, weight };
  const at = { scheme: server.scheme, host: serviceDomain(service), port: port ?? server.port };
  return { entry, server: at, host, weight };
}
