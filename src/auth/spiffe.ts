/** A SPIFFE ID, taken apart. */
export interface SpiffeId {
  readonly trustDomain: string;
  /** With its slash; '' for the trust domain itself. */
  readonly path: string;
}

/** SPIFFE-ID, sections 2.1 and 2.2: no port, user, query or fragment, no escape, one spelling for one identity. */
const ID = /^spiffe:\/\/([a-z0-9._-]{1,255})((?:\/[A-Za-z0-9._-]+)*)$/;
/** Section 2.3. */
const ID_CHARS = 2_048;

/** Reads a SPIFFE ID; null when it is none. */
export function readSpiffeId(uri: string): SpiffeId | null {
  const [, trustDomain, path] = (uri.length <= ID_CHARS ? ID.exec(uri) : null) ?? [];
  if (trustDomain === undefined || path === undefined) return null;
  const isDotted = path.split('/').some((segment) => segment === '.' || segment === '..');
  return isDotted ? null : { trustDomain, path };
}

/** Whether a URI claims to be a SPIFFE ID, in any spelling. */
export function claimsSpiffe(uri: string): boolean {
  return /^spiffe:/i.test(uri);
}
