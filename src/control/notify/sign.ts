import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';

/** The fields that let a receiver trust a body: names of Standard Webhooks 1.0.0. */
export interface SignedFields {
  readonly 'webhook-id': string;
  /** Seconds since the Unix epoch, of this try. */
  readonly 'webhook-timestamp': string;
  /** `v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64; one for each secret, with a space between. */
  readonly 'webhook-signature': string;
}

/**
 * Signs one try of a notification.
 * @param id the same for every try; holds no dot
 * @param secrets as they are written: `whsec_` and the key in base64
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signedFields(
  id: string,
  body: string,
  secrets: readonly string[],
  nowMs: number,
): SignedFields {
  const timestamp = String(Math.floor(nowMs / 1_000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}
