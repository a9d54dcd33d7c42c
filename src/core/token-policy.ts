/** Where the keys of one issuer come from: the content of a file, or a URL that is asked again and again. */
export type JwtKeys =
  /** A JSON Web Key Set (RFC 7517). */
  | { readonly text: string }
  | {
      readonly url: string;
      /** Age at which they are fetched again, milliseconds. */
      readonly maxAgeMs: number;
      /** Shortest time between two fetches, whoever wants one, milliseconds. */
      readonly cooldownMs: number;
      readonly timeoutMs: number;
      readonly maxBytes: number;
    };

/** Whose tokens are accepted, and which of them. */
export interface JwtIssuer {
  /** The exact `iss` claim; null accepts any. */
  readonly issuer: string | null;
  readonly keys: JwtKeys;
  /** One of these must be in `aud`; empty accepts any. */
  readonly audience: readonly string[];
  readonly algorithms: readonly string[];
}

export type ClaimValue = string | number | boolean;

/** What a claim must be: exactly one of the last three says so. */
export interface ClaimRule {
  /** Its name, or the way to it: `realm_access.roles`. */
  readonly claim: string;
  readonly oneOf?: readonly ClaimValue[];
  /** An element of the list, or a word of the text (as in `scope`, RFC 8693). */
  readonly contains?: ClaimValue;
  readonly exists?: true;
}

/** Where a request carries its token: RFC 6750's header, or what the configuration chose. */
export interface TokenSource {
  readonly in: 'authorization' | 'header' | 'cookie' | 'query';
  /** Of the header (lower case), cookie or parameter; '' for `authorization`. */
  readonly name: string;
}

/** Centralised authentication: a JSON web token (RFC 7519) with a signature of a known key. */
export interface JwtFilterConfig {
  readonly kind: 'jwt';
  readonly name: string;
  readonly enforceAt: 'candidate' | 'edge';
  readonly issuers: readonly JwtIssuer[];
  /** Seconds by which clocks may differ. */
  readonly clockToleranceS: number;
  /** Seconds since `iat`, or null for any. */
  readonly maxAgeS: number | null;
  /** Accepted `typ` headers in lower case without `application/`; empty for any. */
  readonly typ: readonly string[];
  readonly require: readonly ClaimRule[];
  readonly source: TokenSource;
  /** Request headers that carry claims to the lanes; clients cannot send them. */
  readonly forward: readonly { readonly header: string; readonly claim: string }[];
  /** Whether servers get the token itself, too. */
  readonly forwardToken: boolean;
  /** What copies carry in its place: the token, nothing, or one of the copies' own (towards the candidate only). */
  readonly copyToken: 'keep' | 'strip' | { readonly swap: string };
  /** `jti` of tokens that are refused. */
  readonly revoked: readonly string[];
}
