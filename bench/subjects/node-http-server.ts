import { Agent, createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { accessLog } from './access-log.ts';

const upstreamPort = Number(process.argv[2]);
const agent = new Agent({ keepAlive: true, maxSockets: 256, maxFreeSockets: 256 });
const log = accessLog();

const server = createServer({ keepAlive: true, noDelay: true }, (request, response) => {
  log(request, response);
  const { method, url, headers } = request;
  const forwarded = { ...headers, 'x-forwarded-for': request.socket.remoteAddress };
  const options = { host: '127.0.0.1', port: upstreamPort, method, path: url, headers: forwarded, agent };
  const upstream = send(options, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(response);
  });
  upstream.on('error', () => response.destroy());
  request.pipe(upstream);
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => {
  process.stdout.write(`ready ${(server.address() as AddressInfo).port}\n`);
});
