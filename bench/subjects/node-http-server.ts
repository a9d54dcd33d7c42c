import { Agent, request as send } from 'node:http';
import { accessLog } from './access-log.ts';
import { LEGACY_PORT, LISTEN, clientServer, sayReady } from './node-listener.ts';

const agent = new Agent({ keepAlive: true, maxSockets: 256, maxFreeSockets: 256 });
const log = accessLog();

const server = clientServer((request, response) => {
  log(request, response);
  const { method, url } = request;
  const { connection: _own, ...headers } = request.headers;
  const forwarded = { ...headers, 'x-forwarded-for': request.socket.remoteAddress };
  const options = { host: '127.0.0.1', port: LEGACY_PORT, method, path: url, headers: forwarded, agent };
  const upstream = send(options, (answer) => {
    const { connection: _theirs, 'keep-alive': _time, ...fields } = answer.headers;
    response.writeHead(answer.statusCode ?? 502, fields);
    answer.pipe(response);
  });
  upstream.on('error', () => response.destroy());
  request.pipe(upstream);
});
server.listen(LISTEN, () => sayReady(server));
