import { createHmac, timingSafeEqual } from 'node:crypto';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { notificationSchema } from '../../src/control/schema/notification.ts';
import type { Notification } from '../../src/control/schema/notification.ts';
import { SERVER_TLS } from './certificates.ts';
import type { Received } from './upstream-answer.ts';
import { upstream } from './upstream.ts';
import type { Upstream, UpstreamBuilder } from './upstream.ts';

/** A secret for one receiver: its key is this byte, 32 times. */
export function hookSecret(byte: number): string {
  return `whsec_${Buffer.alloc(32, byte).toString('base64')}`;
}

/** One try of a notification that arrived whole and is signed. */
export interface Told {
  readonly id: string;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly signatures: readonly string[];
  readonly body: Notification;
  readonly atMs: number;
}

/** A receiver of webhooks. */
export interface Hook extends Upstream {
  /** Where to post, with a path that nobody may print. */
  readonly hookUrl: string;
  /** Every try so far. @throws when one is not signed by the secret, or is no notification */
  readonly told: () => readonly Told[];
}

const PATH = '/T0PS3CR3T/hook?key=9f8e7d6c5b4a';

/** Parts of a receiver's URL that stand in no log. */
export const HOOK_SECRETS = ['T0PS3CR3T', '9f8e7d6c5b4a'];

/** Starts one, 204 unless it is told to behave otherwise. */
export async function hook(
  secret: string,
  behaviour: UpstreamBuilder = upstream().status(204),
): Promise<Hook> {
  const running = await behaviour.start();
  return Object.assign(running, {
    hookUrl: `${running.url}${PATH}`,
    told: () => running.requests.filter(({ complete }) => complete).map((each) => toldOf(each, secret)),
  });
}

/** The same receiver behind TLS, with the certificate of the kit's own authority. */
export async function secured(
  behind: Hook,
): Promise<{ readonly hookUrl: string; stop: () => Promise<void> }> {
  const front = createServer(SERVER_TLS, (socket) => {
    const plain = connect(behind.port, '127.0.0.1');
    for (const each of [socket, plain])
      each.on('error', () => [socket, plain].forEach((one) => one.destroy()));
    socket.pipe(plain).pipe(socket);
  });
  front.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  const { port } = front.address() as AddressInfo;
  return {
    hookUrl: `https://127.0.0.1:${port}${PATH}`,
    stop: () => new Promise((resolve) => front.close(() => resolve())),
  };
}

/** As Standard Webhooks 1.0.0 says it, and not as the product does it. */
function toldOf(request: Received, secret: string): Told {
  const [id = '', timestamp = '', signed = ''] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(
    (name) => request.header(name),
  );
  if (request.method !== 'POST' || request.target !== PATH) throw new Error(`${request.method} elsewhere`);
  if (!/^[\w-]+$/.test(id) || !/^\d+$/.test(timestamp)) throw new Error(`a strange id or time: ${id}`);
  if (request.header('content-type') !== 'application/json') throw new Error('it is not called JSON');
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const expected = createHmac('sha256', key)
    .update(Buffer.concat([Buffer.from(`${id}.${timestamp}.`), request.body]))
    .digest();
  const signatures = signed.split(' ');
  const fits = signatures.some((text) => {
    const bytes = Buffer.from(text.replace(/^v1,/, ''), 'base64');
    return text.startsWith('v1,') && bytes.length === expected.length && timingSafeEqual(bytes, expected);
  });
  if (!fits) throw new Error(`the signature of ${id} does not fit its body`);
  const body = notificationSchema.parse(JSON.parse(request.body.toString()));
  return { id, timestamp: Number(timestamp), signatures, body, atMs: request.atMs };
}
