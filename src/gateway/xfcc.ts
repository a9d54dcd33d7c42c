import type { ClientIdentity } from '../core/client-identity.ts';
import { LIMITS } from '../core/limits.ts';
import type { ForwardedKey } from '../core/snapshot.ts';

/** The field that tells servers who a client is: Envoy's, in the manner of its `SANITIZE_SET`. */
export const XFCC = 'X-Forwarded-Client-Cert';
export const XFCC_LOWER = 'x-forwarded-client-cert';

/**
 * The value of the field: one element, its keys in Envoy's order whatever the configuration's. Names hold no quotes and
 * no backslashes by then, so that a quoted value ends where it ends.
 * @param by names of the listener's own certificate (URI)
 * @returns null when it would be too long for a head
 */
export function forwardedIdentity(
  { hash, subject, uris, dnsNames }: ClientIdentity,
  keys: readonly ForwardedKey[],
  by: readonly string[],
): string | null {
  const values: Readonly<Record<ForwardedKey, readonly string[]>> = {
    by: by.map((uri) => `By=${quoted(uri)}`),
    hash: [`Hash=${hash}`],
    subject: [`Subject="${subject}"`],
    uri: uris.map((uri) => `URI=${quoted(uri)}`),
    dns: dnsNames.map((name) => `DNS=${quoted(name)}`),
  };
  const order: readonly ForwardedKey[] = ['by', 'hash', 'subject', 'uri', 'dns'];
  const text = order.flatMap((key) => (keys.includes(key) ? values[key] : [])).join(';');
  return text.length > LIMITS.forwardedIdentityChars ? null : text;
}

function quoted(value: string): string {
  return /[,;=]/.test(value) ? `"${value}"` : value;
}
