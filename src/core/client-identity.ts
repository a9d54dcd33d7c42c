/** What the verified certificate of a client says about who it is. */
export interface ClientIdentity {
  /** What logs call it: the first URI, DNS name or e-mail address of its certificate, else `sha256:…`. */
  readonly name: string;
  /** Distinguished name (RFC 4514 order of the certificate), one line. */
  readonly subject: string;
  readonly uris: readonly string[];
  readonly dnsNames: readonly string[];
  readonly emails: readonly string[];
  /** SHA-256 of the certificate, lower-case hex. */
  readonly hash: string;
}

/** Why a connection may not ask, or not here. */
export interface ClientRefusal {
  readonly code: 'client_certificate' | 'misdirected';
  /** For logs and events, never for the client. */
  readonly reason: string;
}

/** The client of one TLS connection on a listener that asks for certificates. */
export interface ConnectionClient {
  /** Null where no certificate was shown, and none has to be. */
  readonly identity: ClientIdentity | null;
  /** The field that tells servers who it is, or null: made once for the connection. */
  readonly forwarded: string | null;
  /**
   * Why a request to this host gets no answer of a lane at this moment, or null. It never throws.
   * @param host as in the request, with its port
   */
  refusal(host: string): ClientRefusal | null;
}
