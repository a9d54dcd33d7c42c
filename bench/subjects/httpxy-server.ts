import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createProxyServer } from 'httpxy';
import { accessLog } from './access-log.ts';

const upstreamPort = Number(process.argv[2]);
const agent = new Agent({ keepAlive: true, maxSockets: 256, maxFreeSockets: 256 });
const proxy = createProxyServer({ target: `http://127.0.0.1:${upstreamPort}`, agent, xfwd: true });
const log = accessLog();

const server = createServer({ keepAlive: true, noDelay: true }, (request, response) => {
  log(request, response);
  proxy.web(request, response).catch(() => response.destroy());
});
proxy.on('error', () => {});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => {
  process.stdout.write(`ready ${(server.address() as AddressInfo).port}\n`);
});
