import { LARGE } from '../kit/chaos-clients.ts';
import { gateway } from '../kit/gateway.ts';
import type { RunningGateway } from '../kit/gateway.ts';
import { startNginx } from '../kit/nginx.ts';
import { site } from '../kit/services.ts';
import { upstream } from '../kit/upstream.ts';
import type { Upstream } from '../kit/upstream.ts';

const LARGE_BODY = Buffer.alloc(2 ** 20, 'large ');

/** A real NGINX as the legacy lane. */
const NGINX = `
events { worker_connections 4096; }
http {
  access_log off;
  client_body_buffer_size 128k;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $http_host;
  upstream app { server 127.0.0.1:9001; #@port app
    keepalive 64; }
  server {
    listen 127.0.0.1:8081; #@port legacy
    location / { proxy_pass http://app; }
  }
}
`;

function service(): Promise<Upstream> {
  const { responder } = site();
  return upstream()
    .respond((request) => (request.target === LARGE ? { body: LARGE_BODY } : responder(request)))
    .start();
}

/** What is soaked. */
export interface SoakSite {
  readonly gateway: RunningGateway;
  readonly legacy: 'nginx' | 'embedded server';
  readonly stop: () => Promise<void>;
}

/** A real gateway with two workers, an embedded candidate, and NGINX before an embedded service where there is one. */
export async function soakSite(settings: Readonly<Record<string, unknown>> = {}): Promise<SoakSite> {
  const [app, candidate] = await Promise.all([service(), service()]);
  const nginx = await startNginx({ text: NGINX, ports: { app: app.port } });
  const running = await gateway()
    .legacy(nginx === null ? app : nginx.url('legacy'))
    .candidate(candidate)
    .config({
      workers: 2,
      accessLog: { file: './access.log', sample: '10%' },
      rollout: { window: '10s', shadow: { sample: '10%' } },
      ...settings,
    })
    .start();
  return {
    gateway: running,
    legacy: nginx === null ? 'embedded server' : 'nginx',
    stop: async () => {
      await running.stop();
      await nginx?.stop();
      await Promise.all([app.stop(), candidate.stop()]);
    },
  };
}
