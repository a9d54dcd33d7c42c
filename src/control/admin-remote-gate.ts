import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { plainAddress } from '../gateway/addresses.ts';
import { evidenceOf } from '../wire/peer-evidence.ts';
import { AdminError } from './admin-answer.ts';
import type { AdminGate, Asked, Caller } from './admin-gate.ts';
import { bearerOf, refuseOrigins, requireRole } from './admin-guard.ts';
import type { AdminPrincipals, Proven, Unproven } from './admin-principals.ts';

/** Somebody was not let in; the words of `reason` are for logs and events. */
export interface AdminDenial {
  readonly reason: string;
  readonly address: string;
  readonly identity: string;
}

/**
 * Who may ask from other machines: nobody reads anything without being known. A page in a browser cannot ask, whoever
 * brought it there; a name that was bent to this address (DNS rebinding) has no certificate here, so that no Host is looked at.
 */
export class RemoteGate implements AdminGate {
  readonly isLocal = false;
  private readonly principals: AdminPrincipals;
  private readonly denied: (denial: AdminDenial) => void;

  constructor(principals: AdminPrincipals, denied: (denial: AdminDenial) => void) {
    this.principals = principals;
    this.denied = denied;
  }

  async admit(request: IncomingMessage, { role: needed }: Asked): Promise<Caller> {
    refuseOrigins(request);
    const proven = await this.find(request);
    const { principal, identity } = proven;
    const { name, role } = principal;
    if (needed === 'operate') requireRole(principal, needed, 'to move the rollout');
    return { role, trusted: true, nameOf: (said) => `${identity ?? said}@${name}` };
  }

  /** A request with a token is whoever has that token, whatever the connection has shown. */
  private async find(request: IncomingMessage): Promise<Proven> {
    const token = bearerOf(request);
    const hasField = request.headers['authorization'] !== undefined;
    const found =
      token !== null
        ? await this.principals.byToken(token)
        : hasField
          ? { reason: 'other_scheme', identity: '' }
          : this.principals.byCertificate(evidenceOf(request.socket as TLSSocket, null));
    if ('principal' in found) return found;
    this.denied({ ...found, address: addressOf(request.socket) });
    throw refusalOf(found);
  }
}

/** The address of a peer, as logs have it. */
export function addressOf({ remoteAddress }: Pick<Socket, 'remoteAddress'>): string {
  return plainAddress(remoteAddress ?? '');
}

/** The client hears what to do, and not what was wrong with what it has shown. */
function refusalOf({ reason }: Unproven): AdminError {
  const hint =
    'show a certificate (--cert, --key) or a token (--token-file) that admin.remote.principals names';
  const isNothing = reason === 'missing';
  return new AdminError(401, {
    code: isNothing ? 'NO_CREDENTIALS' : 'NOT_KNOWN',
    message: isNothing ? 'this admin API answers nobody unknown' : 'nobody is known by what was shown',
    hint,
    exitCode: 5,
  });
}
