/**
 * Every bound that is not configuration: a number, its unit in the name, and why it is that number.
 * Configurable bounds have their defaults here too, so that one table answers "how much at the most?".
 */
export const LIMITS = {
  /** Request line and fields of one head. 16 KiB is nginx's 4 × 4k large buffers. */
  headBytes: 16 * 1024,
  /** Fields of one head: more is an attack on lookups, not a browser. */
  headFields: 100,
  /** Request target. Above it 414. */
  targetBytes: 8 * 1024,
  /** One chunk-size line; extensions are refused anyway, so 16 hex digits and slack. */
  chunkLineBytes: 32,
  /** Trailer section, read and dropped. */
  trailerBytes: 4 * 1024,
  /** Requests on one client connection before it is closed, so that load can move between workers. */
  requestsPerConnection: 100_000,
  /** Pipelined bytes kept while a response is under way; more pauses the socket. */
  pipelineBytes: 64 * 1024,
  /** Client connections of one worker. */
  connections: 20_000,
  /** Time for a complete request head, from its first byte; also for the first head on a new connection. */
  headTimeoutMs: 10_000,
  /** Default body limit of a request, for streaming; 0 means none. */
  bodyBytes: 1024 * 1024 * 1024,
  /** Silence of a client while its body is expected. */
  clientBodyIdleMs: 30_000,
  /** Silence of a client that does not read its answer. */
  clientWriteIdleMs: 30_000,
  /** A kept-alive client connection without a request. */
  keepAliveIdleMs: 60_000,
  /** TCP connect to a server, name resolution included. */
  connectTimeoutMs: 2_000,
  /** Request sent → first byte of the answer's head. */
  firstByteTimeoutMs: 30_000,
  /** Silence inside an answer. */
  upstreamIdleTimeoutMs: 30_000,
  /** Whole exchange with a server; 0 means none (long polls, streams). */
  totalTimeoutMs: 0,
  /** A pooled connection without a request: below the 60–75 s that servers usually keep theirs. */
  poolIdleMs: 50_000,
  /** Open connections to one server, of one worker and one pool. */
  connectionsPerServer: 512,
  /** Requests that wait for a connection when all are taken; more is `upstream_busy`. */
  waitingPerServer: 1_024,
  /** Time a request may wait for one. */
  waitingTimeoutMs: 1_000,
  /** Copies in flight of one worker: not answered yet. */
  copiesInFlight: 256,
  /** Bytes held by copies and captured answers of one worker. */
  copyBytes: 64 * 1024 * 1024,
  /** Request body kept for a copy; over it the request is proxied and not copied. */
  copyBodyBytes: 64 * 1024,
  /** Answer kept for comparison, of either lane. */
  answerBytes: 256 * 1024,
  /** Deadline of a copy, from the moment it is sent. */
  copyTimeoutMs: 10_000,
  /** Pairs waiting for the diff thread of one worker. */
  diffQueuePairs: 1_024,
  /** Pairs handed to the diff thread in one message. */
  diffBatchPairs: 32,
  /** Longest wait of a pair for its batch to fill. */
  diffBatchMs: 50,
  /** Pairs handed over and not answered by the diff thread: it is behind, and the queue fills next. */
  diffThreadPairs: 256,
  /** Difference classes one worker keeps between two deltas; further ones are counted as `other`. */
  classesPerDelta: 500,
  /** Endpoint templates a worker learns; further paths are `{other}`. */
  endpoints: 500,
  /** Differences recorded for one pair; the rest is counted. */
  differencesPerPair: 32,
  /** Depth of a JSON body; deeper is compared as text. */
  jsonDepth: 64,
  /** Nodes of a JSON body; more is compared as text. */
  jsonNodes: 50_000,
  /** Characters of a value kept in an example. */
  exampleChars: 256,
  /** Bytes a compressed body may decode to. */
  decodedBytes: 4 * 1024 * 1024,
  /** One worker → supervisor message a second. */
  deltaIntervalMs: 1_000,
  /** Time a worker has to acknowledge a snapshot before it counts as not in effect. */
  acknowledgeTimeoutMs: 2_000,
  /** Drain: idle connections are closed and running exchanges cut at this age. */
  drainTimeoutMs: 30_000,
  /** First wait before a dead worker is started again; doubles up to the next line. */
  restartMinMs: 100,
  /** Longest wait before a dead worker is started again. */
  restartMaxMs: 10_000,
  /** How often a worker looks for the kill switch's file. */
  killSwitchPollMs: 200,
  /** Access-log bytes buffered by one worker; beyond it lines are dropped and counted. */
  accessLogBufferBytes: 4 * 1024 * 1024,
  /** Body of an admin request. */
  adminBodyBytes: 64 * 1024,
  /** Subscribers to admin events. */
  adminEventClients: 64,
} as const;
