import type { IncomingMessage, ServerResponse } from 'node:http';
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';
import { accessLog } from './access-log.ts';
import { LEGACY_URL, LISTEN, clientServer, doorOf, sayReady } from './node-listener.ts';
import type { Door } from './node-listener.ts';

const pool = new Pool(LEGACY_URL, { connections: 256, pipelining: 1 });
const log = accessLog();

/** Carries one answer to the client, with backpressure. */
class Relay implements Dispatcher.DispatchHandler {
  private readonly response: ServerResponse;

  constructor(response: ServerResponse) {
    this.response = response;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.response.once('close', () => {
      if (!this.response.writableFinished) controller.abort(new Error('the client is gone'));
    });
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    const { connection: _theirs, 'keep-alive': _time, ...fields } = headers;
    this.response.writeHead(status, fields);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.response.write(chunk)) return;
    controller.pause();
    this.response.once('drain', () => controller.resume());
  }

  onResponseEnd(): void {
    this.response.end();
  }

  onResponseError(): void {
    this.response.destroy();
  }
}

const door = doorOf();
const server = clientServer((request, response) => {
  log(request, response);
  if (door === null) proxy(request, response);
  else void admit(door, request, response);
});

async function admit(opens: Door, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (await opens(request)) proxy(request, response);
  else response.writeHead(401).end();
}

function proxy(request: IncomingMessage, response: ServerResponse): void {
  const { method = 'GET', url = '/' } = request;
  const { connection: _own, ...fields } = request.headers;
  const headers = { ...fields, 'x-forwarded-for': request.socket.remoteAddress };
  const body = method === 'GET' || method === 'HEAD' ? null : request;
  pool.dispatch({ path: url, method, headers, body }, new Relay(response));
}
server.listen(LISTEN, () => sayReady(server));
