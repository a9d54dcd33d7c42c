import replyFrom from '@fastify/reply-from';
import { fastify } from 'fastify';
import { accessLog } from './access-log.ts';
import { LEGACY_URL, LISTEN, clientServer, sayReady } from './node-listener.ts';

const log = accessLog();
const app = fastify({ serverFactory: (handler) => clientServer(handler) });

app.register(replyFrom, { base: LEGACY_URL, undici: { connections: 256, pipelining: 1 } });
app.addHook('onRequest', (request, reply, done) => {
  log(request.raw, reply.raw);
  done();
});
// Bodies are passed on as they come.
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
app.all('/*', (request, reply) =>
  reply.from(request.url, {
    rewriteRequestHeaders: (raw, { connection: _own, ...headers }) => ({
      ...headers,
      'x-forwarded-for': raw.ip,
    }),
    // Each side has connections of its own; reply-from leaves these two as the server sent them.
    rewriteHeaders: ({ connection: _theirs, 'keep-alive': _time, ...headers }) => headers,
  }),
);
await app.listen(LISTEN);
sayReady(app.server);
