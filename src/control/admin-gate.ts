import type { IncomingMessage } from 'node:http';
import type { AdminRole } from '../core/admin-role.ts';
import { refuseForeigners, requireToken } from './admin-guard.ts';
import { LOCAL } from './schema/commands.ts';

/** What a request asks for, before anybody knows who asks. */
export interface Asked {
  readonly role: AdminRole;
  /** Holds nothing of the traffic. */
  readonly open: boolean;
}

/** Who asks. */
export interface Caller {
  readonly role: AdminRole;
  /** It has proven who it is. */
  readonly trusted: boolean;
  /** What stands in the audit for a name that the client has said. */
  readonly nameOf: (said: string) => string;
}

/** Lets requests into the admin API. */
export interface AdminGate {
  /** Processes of this machine ask here. */
  readonly isLocal: boolean;
  /** @throws AdminError when the request is none for this API, or nobody may ask it */
  admit(request: IncomingMessage, asked: Asked): Caller | Promise<Caller>;
}

/** On loopback: what is harmless is free to read, all else needs the token of the run directory, which may do anything. */
export class LocalGate implements AdminGate {
  readonly isLocal = true;
  private readonly token: string;

  constructor(token: string) {
    this.token = token;
  }

  admit(request: IncomingMessage, { open }: Asked): Caller {
    refuseForeigners(request);
    if (!open) requireToken(request, this.token);
    return { role: 'admin', trusted: !open, nameOf: (said) => said + LOCAL };
  }
}
