import { z } from 'zod';
import { LIMITS } from '../core/limits.ts';
import { formatDuration } from '../core/units.ts';
import { duration, flag, list, name, named, section, share, size, text, whole, word } from './fields.ts';
import { addressField, isCidr, tokenField, trustField } from './fields-net.ts';
import { differencesSchema } from './schema-differences.ts';
import { filtersSchema } from './schema-filters.ts';
import { candidateSchema, legacySchema } from './schema-lanes.ts';
import { notifySchema } from './schema-notify.ts';
import { rolloutSchema } from './schema-rollout.ts';
import { siemSchema } from './schema-siem.ts';
import { tlsSchema } from './schema-tls.ts';

const listener = section(
  {
    address: addressField('host and port (0 picks a free one), or unix:/path', '127.0.0.1:8080'),
    region: name('region of everything that arrives here', 'eu-west').optional(),
    mode: word('serve: clients come here; mirror: an NGINX sends copies here and ignores the answer', [
      'serve',
      'mirror',
    ]).prefault('serve'),
    tls: tlsSchema.optional(),
    proxyProtocol: flag(
      'every connection begins with a PROXY header, version 1 or 2, and only trustedProxies may connect',
    ).prefault(false),
  },
  'one address to listen on',
);

const cidrKey = z
  .string()
  .refine(isCidr, { error: 'expected an address or a block of addresses\nfor example: 10.0.0.0/8' });

const region = section(
  {
    header: tokenField('a header that names the region', 'x-edge-region').optional(),
    from: list(trustField, 'addresses whose header is believed', 1).optional(),
    cidrs: named(name('the region', 'eu-west'), cidrKey, 'region by client address').prefault({}),
  },
  'how the region of a request is found',
);

const store = section(
  {
    sqlite: text('database file', './cutover.db').prefault('./cutover.db'),
    retention: section(
      {
        windows: duration('how long windows are kept').prefault('30d'),
        examples: duration('how long examples of differences are kept').prefault('7d'),
        maxBytes: size('size of the database; over it the oldest windows go').prefault('2GiB'),
      },
      'what is deleted, and when',
    ).prefault({}),
  },
  'where evidence and history are kept',
);

const time = (description: string, defaultMs: number) =>
  duration(description).prefault(formatDuration(defaultMs));

const timeouts = section(
  {
    head: time('a complete request head', LIMITS.headTimeoutMs),
    clientBodyIdle: time('silence of a client while its body is expected', LIMITS.clientBodyIdleMs),
    clientWriteIdle: time('silence of a client that does not read', LIMITS.clientWriteIdleMs),
    clientGrace: duration('a client below limits.clientBytesPerSecond', {
      min: 1_000,
      words: 'of at least 1s',
    }).prefault(formatDuration(LIMITS.clientGraceMs)),
    keepAliveIdle: time('a kept connection without a request', LIMITS.keepAliveIdleMs),
    connect: time('connection to a server', LIMITS.connectTimeoutMs),
    firstByte: time('request sent until the answer starts', LIMITS.firstByteTimeoutMs),
    upstreamIdle: time('silence inside an answer', LIMITS.upstreamIdleTimeoutMs),
    total: time('a whole exchange with a server; 0ms for none', LIMITS.totalTimeoutMs),
    tunnelIdle: time('silence inside a tunnel (WebSocket); 0ms for none', LIMITS.tunnelIdleMs),
    drain: time('exchanges that still run at a stop', LIMITS.drainTimeoutMs),
  },
  'times after which something is given up',
);

const limits = section(
  {
    requestBody: size('largest request body; 0B for none').prefault('1GiB'),
    clientBytesPerSecond: whole(
      'slowest client that is waited for, sending a body or reading an answer; 0 for any',
      0,
      1_000_000,
      LIMITS.clientBytesPerSec,
    ).prefault(LIMITS.clientBytesPerSec),
    connections: whole('client connections of one worker', 1, 1_000_000, LIMITS.connections).prefault(
      LIMITS.connections,
    ),
    connectionsPerAddress: whole(
      'of these, from one address, or from one /64 of IPv6; over it 429. 0 for any; trustedProxies have no limit',
      0,
      1_000_000,
      0,
    ).prefault(0),
    exchanges: whole('exchanges of one worker at once; over it 503', 1, 1_000_000, LIMITS.exchanges).prefault(
      LIMITS.exchanges,
    ),
    loopDelay: duration(
      'event-loop delay from which on a worker answers a part of the requests 503; 0ms for never',
    ).prefault(formatDuration(LIMITS.overloadDelayMs)),
    workerMemory: size('resident memory of a worker; over it it is replaced', {
      min: LIMITS.workerRssLeastBytes,
      words: 'of at least 256MiB',
    }).prefault('1GiB'),
  },
  'bounds on what clients may ask for, and on what workers may use',
);

const accessLog = section(
  {
    file: text('file that lines are appended to', './access.log'),
    sample: share('share of requests written; failures always are').prefault('100%'),
    rotate: section(
      {
        maxBytes: size('size at which the file is moved away', {
          min: 1024 * 1024,
          words: 'of at least 1MiB',
        }).prefault('256MiB'),
        maxAge: duration('age at which it is', { min: 1_000, words: 'of at least 1s' }).optional(),
        keep: whole('moved files that are kept', 1, LIMITS.accessLogsKept, 7).prefault(7),
      },
      'moves the file away by size and age; leave it out where logrotate does',
    ).optional(),
  },
  'one JSON line per request',
);

/** `cutover.yaml`, with the units that people write as its input and plain numbers as its output. */
export const configSchema = section(
  {
    version: z
      .literal(1, { error: 'expected 1\nwrite: version: 1' })
      .describe('version of this format')
      .optional(),
    listen: list(listener, 'addresses that clients connect to', 1),
    admin: section(
      {
        address: addressField('loopback address of the admin API', '127.0.0.1:9901').prefault(
          '127.0.0.1:9901',
        ),
      },
      'the admin API',
    ).prefault({}),
    node: section(
      { region: name('region of this node', 'eu-west').prefault('default') },
      'this node',
    ).prefault({}),
    region: region.prefault({}),
    trustedProxies: list(
      trustField,
      'peers whose X-Forwarded-*, Forwarded and PROXY headers are believed',
    ).prefault([]),
    workers: whole('worker processes; min(cores, 4) if left out', 1, LIMITS.workers, 2).optional(),
    runDir: text('folder of the lock, the kill switch and the worker list', './run').prefault('./run'),
    watch: flag(
      'reads the configuration again when its file or one that it names changes; default: on SIGHUP and reload only',
    ).prefault(false),
    store: store.prefault({}),
    legacy: legacySchema,
    candidate: candidateSchema,
    filters: filtersSchema.prefault({}),
    rollout: rolloutSchema.prefault({}),
    differences: differencesSchema.prefault({}),
    timeouts: timeouts.prefault({}),
    limits: limits.prefault({}),
    accessLog: accessLog.optional(),
    notify: notifySchema.prefault([]),
    siem: siemSchema.optional(),
    explainHeaders: flag('adds x-cutover-lane, -phase and -epoch to answers').prefault(false),
  },
  'cutover.yaml',
).meta({ title: 'Cutover configuration' });

/** A configuration that is valid by its schema: durations in milliseconds, sizes in bytes, shares as fractions. */
export type Config = z.output<typeof configSchema>;
