import { Agent } from 'node:http';
import { createProxyServer } from 'httpxy';
import { accessLog } from './access-log.ts';
import { LEGACY_URL, LISTEN, clientServer, sayReady } from './node-listener.ts';

const agent = new Agent({ keepAlive: true, maxSockets: 256, maxFreeSockets: 256 });
const proxy = createProxyServer({ target: LEGACY_URL, agent, xfwd: true });
const log = accessLog();

const server = clientServer((request, response) => {
  log(request, response);
  proxy.web(request, response).catch(() => response.destroy());
});
proxy.on('error', () => {});
server.listen(LISTEN, () => sayReady(server));
