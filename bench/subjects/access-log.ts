import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monotonicMs, wallMs } from '../../src/core/clock.ts';

const FLUSH_BYTES = 256 * 1024;

/** A buffered access log with the facts the other subjects write. @returns a function to be called per request */
export function accessLog(): (request: IncomingMessage, response: ServerResponse) => void {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  process.on('SIGTERM', () => process.exit(0));
  const file = createWriteStream(join(folder, 'access.log'));
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
