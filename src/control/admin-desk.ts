import { isDeepStrictEqual } from 'node:util';
import type { RemoteAdmin } from '../config/plan.ts';
import { messageOf } from '../core/errors.ts';
import { createRemoteServer } from './admin-remote.ts';
import type { RemoteServer, RemoteServerOptions } from './admin-remote.ts';

export interface AdminDeskOptions extends Omit<RemoteServerOptions, 'remote' | 'before'> {
  /** It listens now, or does not any more. */
  readonly told: (message: string) => void;
}

/**
 * The admin API for other machines, as the newest configuration has it. Whatever changes in it ends every connection that
 * was let in before: nobody goes on by a token or a certificate that is no longer taken.
 */
export class AdminDesk {
  private readonly options: AdminDeskOptions;
  private remote: RemoteAdmin | null = null;
  private server: RemoteServer | null = null;
  private turn: Promise<void> = Promise.resolve();
  private isClosed = false;

  constructor(options: AdminDeskOptions) {
    this.options = options;
  }

  /** Goes by another configuration. @throws CutoverError PORT_TAKEN, ADMIN_LISTEN: nothing listens then */
  async follow(remote: RemoteAdmin | null): Promise<void> {
    const next = this.turn.then(() => this.change(remote));
    this.turn = next.catch(() => undefined);
    await next;
  }

  /** The same after a reload, where an error has nobody to go to but the log. */
  async tryToFollow(remote: RemoteAdmin | null): Promise<void> {
    try {
      await this.follow(remote);
    } catch (error) {
      this.options.log(`no other machine reaches the admin API: ${messageOf(error)}`);
    }
  }

  /** Frees the address at once; answers under way are still given. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.letGo();
  }

  private async change(remote: RemoteAdmin | null): Promise<void> {
    if (this.isClosed || isDeepStrictEqual(remote, this.remote)) return;
    const { told, ...options } = this.options;
    // Not waited for: the command that brings this change may be an answer under way.
    const before = this.server;
    void this.letGo();
    if (remote === null) return before === null ? undefined : told('the admin API is on loopback alone');
    const server = createRemoteServer({ ...options, remote, before });
    const port = await server.listen();
    if (this.isClosed) return await server.close();
    [this.remote, this.server] = [remote, server];
    told(`admin API for other machines on ${remote.host}:${port}`);
  }

  private async letGo(): Promise<void> {
    const { server } = this;
    [this.remote, this.server] = [null, null];
    await server?.close();
  }
}
