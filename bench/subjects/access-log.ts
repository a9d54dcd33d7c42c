import { createWriteStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { monotonicMs, wallMs } from '../../src/core/clock.ts';

const FLUSH_BYTES = 256 * 1024;

/** A buffered access log in the working directory, with the facts the other subjects write. @returns called per request */
export function accessLog(): (request: IncomingMessage, response: ServerResponse) => void {
  const file = createWriteStream('access.log');
  let buffered = '';
  return (request, response) => {
    const startedMs = monotonicMs();
    const { method, url } = request;
    const client = request.socket.remoteAddress;
    const host = request.headers.host;
    response.on('finish', () => {
      buffered += `{"ts":${wallMs()},"client":"${client}","method":"${method}","host":"${host}","uri":"${url}","status":${response.statusCode},"rt":${(monotonicMs() - startedMs) / 1_000}}\n`;
      if (buffered.length < FLUSH_BYTES) return;
      file.write(buffered);
      buffered = '';
    });
  };
}
