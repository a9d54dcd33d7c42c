import type { ClientIdentity, ClientRefusal, ConnectionClient } from '../core/client-identity.ts';
import { wallMs } from '../core/clock.ts';
import type { ClientDesk, DeskSource, Place } from './client-desk.ts';
import { withoutPort } from './router.ts';
import { forwardedIdentity } from './xfcc.ts';

/**
 * The client of one TLS connection. It is judged once, and again when the configuration is another one or a date has
 * passed: who was let in is not let in for ever.
 */
export class TlsClient implements ConnectionClient {
  identity: ClientIdentity | null = null;
  forwarded: string | null = null;
  private readonly desks: DeskSource;
  private readonly serverName: string | null;
  private readonly chain: readonly Buffer[];
  /** The authorities that OpenSSL verified the chain by. */
  private readonly verifiedBy: string;
  private judgedBy: ClientDesk | null = null;
  private place: Place | null = null;
  private untilMs = 0;
  private denied: ClientRefusal | null = null;

  /** @param chain DER, its own first; empty: it has shown none */
  constructor(desks: DeskSource, serverName: string | null, chain: readonly Buffer[]) {
    this.desks = desks;
    this.serverName = serverName;
    this.chain = chain;
    this.verifiedBy = desks.desk().placeOf(serverName).verifier?.auth.ca ?? '';
    this.refusal('');
  }

  refusal(host: string): ClientRefusal | null {
    try {
      return this.judged(host);
    } catch {
      return DEFECT;
    }
  }

  private judged(host: string): ClientRefusal | null {
    const desk = this.desks.desk();
    const nowMs = wallMs();
    if (desk !== this.judgedBy || nowMs > this.untilMs) this.judge(desk, nowMs);
    if (this.denied !== null || !desk.isDivided || host === '') return this.denied;
    return desk.placeOf(withoutPort(host.toLowerCase())).policyId === this.place?.policyId
      ? null
      : MISDIRECTED;
  }

  private judge(desk: ClientDesk, nowMs: number): void {
    const place = desk.placeOf(this.serverName);
    const { verifier } = place;
    this.judgedBy = desk;
    this.place = place;
    // Until there is a verdict, and when none comes because something below throws, nobody has been let in.
    this.denied = DEFECT;
    this.untilMs = Number.POSITIVE_INFINITY;
    if (verifier === null || this.chain.length === 0)
      return this.unproven(verifier?.auth.mode === 'required');
    const { identity, fault, untilMs } = verifier.verify(this.chain, nowMs, this.verifiedBy);
    const forwards = desk.tls.forwards ?? [];
    this.untilMs = untilMs;
    this.identity = identity;
    this.forwarded =
      identity === null || forwards.length === 0 ? null : forwardedIdentity(identity, forwards, place.by);
    const isUntold = forwards.length > 0 && this.forwarded === null;
    const reason = fault ?? (isUntold ? 'odd_name' : null);
    this.denied = reason === null ? null : { code: 'client_certificate', reason };
  }

  /** Nobody has looked at a certificate: it says nothing about who this is. */
  private unproven(isRequired: boolean): void {
    this.identity = null;
    this.forwarded = null;
    this.denied = isRequired ? { code: 'client_certificate', reason: 'missing' } : null;
  }
}

const DEFECT: ClientRefusal = { code: 'client_certificate', reason: 'a defect' };
const MISDIRECTED: ClientRefusal = {
  code: 'misdirected',
  reason: 'the host has another policy for clients than the name that was asked for',
};
