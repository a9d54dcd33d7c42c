import { RawClient } from '../../wire/kit.ts';
import { OK } from './kit.ts';

/** A WebSocket is asked for. */
export const ASK =
  'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat\r\n\r\n';
/** And given. */
export const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzhaRbK+xOo=\r\n\r\n';

/** Switches when it is asked to, answers 200 otherwise. */
export function switcher(request: string): string {
  return /^upgrade: /im.test(request) ? SWITCH : OK;
}

/** A client whose tunnel is open. */
export async function tunnelled(port: number): Promise<RawClient> {
  const client = new RawClient(port);
  client.send(ASK);
  await client.expect('\r\n\r\n');
  return client;
}
