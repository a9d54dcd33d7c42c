import { chmodSync, lstatSync, renameSync, rmSync, statSync } from 'node:fs';
import { messageOf } from '../core/errors.ts';
import type { GatewayConfig, ListenerConfig } from '../core/snapshot.ts';
import type { TicketKeys } from '../core/ticket-keys.ts';
import { besidePath, unixPath } from '../core/unix-address.ts';
import type { ListenAddress, ListenTls, WireServer } from '../wire/types.ts';
import { AddressSet, plainAddress } from './addresses.ts';
import { ClientDesk, secured } from './client-desk.ts';

/** Owner and group may connect. */
const SOCKET_MODE = 0o660;

/** How a worker listens: which listeners are its own, whom they trust, and the files of unix sockets. */
export class Listening {
  private readonly server: WireServer;
  private trusted: AddressSet;
  private config: GatewayConfig;
  private keys: TicketKeys | null;
  /** By listener: what it says about its clients. */
  private desks = new Map<number, ClientDesk>();
  /** Paths of our sockets, with what tells them from the socket of a successor. */
  private readonly files: { readonly path: string; readonly inode: number }[] = [];

  constructor(server: WireServer, config: GatewayConfig, keys: TicketKeys | null) {
    this.server = server;
    this.config = config;
    this.keys = keys;
    this.trusted = new AddressSet(config.trustedProxies);
    this.desks = desksOf(config);
  }

  /**
   * A newer configuration: it decides about connections from now on, and about requests on those that stand.
   * @throws when a certificate, an authority or a list cannot be used; everything is as it was then
   */
  configure(config: GatewayConfig): void {
    const before = this.config;
    const changed = config.listeners.some(
      ({ tls }, index) => JSON.stringify(tls) !== JSON.stringify(before.listeners[index]?.tls),
    );
    if (changed) this.replace(desksOf(config));
    this.config = config;
    this.trusted = new AddressSet(config.trustedProxies);
  }

  /** Other keys for session tickets, for handshakes that begin from now on. */
  useKeys(keys: TicketKeys): void {
    this.keys = keys;
    this.replace(this.desks);
  }

  private replace(desks: Map<number, ClientDesk>): void {
    const before = this.desks;
    this.desks = desks;
    try {
      for (const [index, desk] of desks) this.server.secure(index, this.secured(index, desk));
    } catch (thrown) {
      this.desks = before;
      for (const [index, desk] of before) this.server.secure(index, this.secured(index, desk));
      throw thrown;
    }
  }

  private secured(index: number, desk: ClientDesk): ListenTls {
    return secured(desk, this.keys, { desk: () => this.desks.get(index) ?? desk });
  }

  /**
   * Opens one listener; a unix socket beside its path, until {@link takePaths}.
   * @param isFirst whether this is worker 0: a unix socket cannot be shared, and is its alone
   * @returns the port; 0 for a unix socket
   * @throws the system's error
   */
  async open(
    listener: ListenerConfig,
    port: number,
    reusePort: boolean,
    index: number,
    isFirst: boolean,
  ): Promise<number> {
    const path = unixPath(listener.host);
    const address = { host: listener.host, port, reusePort, index, ...this.conditions(listener, index) };
    if (path === null) return this.server.listen(address);
    if (isFirst) await this.openUnix(path, address);
    return 0;
  }

  private conditions(
    { proxyProtocol }: ListenerConfig,
    index: number,
  ): Pick<ListenAddress, 'tls' | 'trustsProxy'> {
    const desk = this.desks.get(index);
    const trustsProxy = (address: string): boolean => this.trusted.contains(plainAddress(address));
    const tls = desk === undefined ? undefined : this.secured(index, desk);
    return { tls, trustsProxy: proxyProtocol === true ? trustsProxy : undefined };
  }

  /**
   * Moves our sockets to their paths: what lies there, a worker before us or the file of one that was killed, is
   * replaced in one step and no client finds nothing. The supervisor has made sure that nobody else serves it.
   */
  takePaths(): void {
    for (const { path } of this.files) renameSync(besidePath(path, process.pid), path);
  }

  private async openUnix(path: string, address: ListenAddress): Promise<void> {
    const beside = besidePath(path, process.pid);
    if (isSocket(beside)) rmSync(beside, { force: true });
    await this.server.listen({ ...address, host: `unix:${beside}` });
    chmodSync(beside, SOCKET_MODE);
    this.files.push({ path, inode: statSync(beside).ino });
  }

  /** Removes the files of our sockets, unless a successor has put its own in their place. */
  removeFiles(log: (level: 'warn', message: string) => void): void {
    for (const { path, inode } of this.files.splice(0)) {
      try {
        if (statSync(path, { throwIfNoEntry: false })?.ino === inode) rmSync(path);
      } catch (error) {
        log('warn', `the socket ${path} stays behind: ${messageOf(error)}`);
      }
    }
  }
}

function desksOf({ listeners }: GatewayConfig): Map<number, ClientDesk> {
  return new Map(
    listeners.flatMap(({ tls }, index) =>
      tls === undefined ? [] : [[index, new ClientDesk(tls, index)] as const],
    ),
  );
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true;
}
