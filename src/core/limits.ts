import { CONTROL_LIMITS } from './limits-control.ts';
import { FILTER_LIMITS } from './limits-filters.ts';

/**
 * Every bound that is not configuration: a number, its unit in the name, and why it is that number.
 * Configurable bounds have their defaults here too, so that one table answers "how much at the most?".
 */
export const LIMITS = {
  /** Request line and fields of one head. 16 KiB is nginx's 4 × 4k large buffers. */
  headBytes: 16 * 1024,
  /** Fields of one head: more is an attack on lookups, not a browser. */
  headFields: 100,
  /** Options of `Connection` in one head: each is a walk over its fields. */
  connectionOptions: 32,
  /** Sets of authorities for HTTPS servers that are kept ready, about 1 MB each. */
  originContexts: 16,
  /** Request target. Above it 414. */
  targetBytes: 8 * 1024,
  /** One chunk-size line; extensions are refused anyway, so 16 hex digits and slack. */
  chunkLineBytes: 32,
  /** Trailer section, read and dropped. */
  trailerBytes: 4 * 1024,
  /** A PROXY header of version 2 with its extensions: addresses take 52 bytes, a client certificate up to 2 KiB. */
  proxyHeaderBytes: 4 * 1024,
  /** Everything before the first byte of HTTP: PROXY header and TLS handshake, two round trips of a slow phone. */
  receptionTimeoutMs: 5_000,
  /** The first message of a handshake, which is put together before OpenSSL sees it: one record, with post-quantum keys 2 KiB. */
  clientHelloBytes: 16 * 1024,
  /** How long a session can be resumed, seconds: what nginx has. A certificate is looked at anew each time. */
  tlsSessionS: 300,
  /** Certificates behind a client's that are looked at: OpenSSL builds chains of a hundred, nobody has ten. */
  certificateChain: 10,
  /** Lists of revoked certificates of one policy: 30,000 entries. Each snapshot carries them to every worker. */
  revocationListBytes: 1024 * 1024,
  /** Reasons for which clients are denied that are told apart between two reports; and the time between two events of one reason. */
  denialReasons: 64,
  denialEventMs: 60_000,
  /** Weakest keys of clients: what a public authority would sign. */
  clientRsaBits: 2_048,
  clientEcBits: 256,
  /** Keys of session tickets: what Node takes, name, HMAC and AES key. And how long they are the newest ones. */
  ticketKeyBytes: 48,
  ticketKeyMs: 6 * 3_600_000,
  /** Alternative names of a client's certificate, and characters of one: more is no identity. */
  certificateNames: 32,
  certificateNameChars: 2_048,
  /** What servers are told about a client: a quarter of a head, so that the client's own fields have room. */
  forwardedIdentityChars: 4 * 1024,
  /** Path of a unix socket: `sun_path` has 108 bytes, a suffix of ours and a final zero. */
  unixPathBytes: 100,
  /** Certificates of a listener or an upstream in one file: the bundle of a system has about 250 KiB. */
  certificateBytes: 1024 * 1024,
  /** A private key as PEM: RSA with 16,384 bits has 13 KiB. */
  privateKeyBytes: 64 * 1024,
  /** Requests on one client connection before it is closed, so that load can move between workers. */
  requestsPerConnection: 100_000,
  /** Pipelined bytes kept while a response is under way; more pauses the socket. */
  pipelineBytes: 64 * 1024,
  /** Characters of a request method: the longest registered one has 17. Above it 501. */
  methodBytes: 32,
  /** Bytes of one socket's send buffer (user space) before its writer has to wait. */
  socketBufferBytes: 64 * 1024,
  /** Head and body bytes gathered as one text before they are written: one system call for small answers. */
  gatherBytes: 16 * 1024,
  /** Buffers of written bytes kept for the next write, of each of two sizes: 3.8 MB of one worker. */
  writeBuffersKept: 32,
  /** Request body kept while its call waits for a connection: one read of the client's socket and slack. */
  heldBodyBytes: 256 * 1024,
  /** Streams of one HTTP/2 connection at once: what browsers and servers expect (RFC 9113, section 6.5.2). */
  h2Streams: 100,
  /** Bytes of one request body that are sent ahead of us, of each stream. */
  h2WindowBytes: 64 * 1024,
  /** What nghttp2 may hold for one connection, MiB: field sections, frames, answers that wait. */
  h2SessionMiB: 10,
  /** Frames that make no sense, and streams over the limit, after which a connection ends. */
  h2InvalidFrames: 100,
  h2RejectedStreams: 100,
  /** Settings in one frame. */
  h2Settings: 32,
  /** Resets by the client: at once, and per second (CVE-2023-44487). A browser that leaves a page resets its requests. */
  h2ResetBurst: 200,
  h2ResetsPerSec: 33,
  /** Interim answers (1xx) before one final answer. */
  informsPerAnswer: 16,
  /** After the last answer: time, and bytes read and dropped, until the client closes; saves the answer from a reset. */
  lingerMs: 2_000,
  lingerBytes: 1024 * 1024,
  /**
   * A client that has closed its sending side gets what is sent within this time; silence of the answer for so long,
   * and it counts as gone. Almost every client that does so has hung up: nginx waits for none.
   */
  halfCloseGraceMs: 1_000,
  /** A 408 so soon after a request on a reused connection crossed it: one round trip, and slack. */
  staleAnswerMs: 1_000,
  /** Connections above `maxConnections` that are told 503; further ones are closed without a word. */
  overflowConnections: 256,
  /** How often the wire looks for deadlines that have passed. */
  sweepMs: 100,
  /** A connection without a request for so long after a drain began is closed: whoever still uses it was answered meanwhile, and told to close. */
  drainIdleMs: 3_000,
  /** Turns of the event loop a drain goes on accepting what waits in the accept queue. */
  acceptDrainTurns: 256,
  /** Turns without a new connection after which the queue counts as empty. */
  acceptQuietTurns: 3,
  /** Handlers that threw, reported by one process; further ones only end their connections. */
  defectReports: 100,
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
  /**
   * Slowest client that is waited for while it sends a body or reads an answer, bytes/s: a tenth of the worst mobile
   * networks (GPRS), and what other servers ask for (240 in Kestrel and IIS, 500 in Apache).
   */
  clientBytesPerSec: 240,
  /**
   * Time a slow client has in any case. What passed until its head was complete (of a first request: since it was
   * accepted) is taken off, but for a quarter: a head takes 10 s at the most, so that a client that is slow in both is
   * gone after 12.5 s, and every slow client after 15 s.
   */
  clientGraceMs: 10_000,
  paceGraceLeast: 0.25,
  /** What a client that was fast may save up for a pause: the silence it is allowed anyway. Tunnels and lifts. */
  paceAllowanceMs: 30_000,
  /**
   * Seconds earned per second at the most: twenty seconds of transfer save up for the longest pause, and the moment in
   * which a kernel takes megabytes for a client that reads nothing for none.
   */
  paceEarning: 2,
  /** A kept-alive client connection without a request. */
  keepAliveIdleMs: 60_000,
  /** TCP connect to a server, name resolution included. */
  connectTimeoutMs: 2_000,
  /** Request sent → first byte of the answer's head. What NGINX waits (`proxy_read_timeout`): nothing it answers is cut. */
  firstByteTimeoutMs: 60_000,
  /** Silence inside an answer; the same. */
  upstreamIdleTimeoutMs: 60_000,
  /** Whole exchange with a server; 0 means none (long polls, streams). */
  totalTimeoutMs: 0,
  /** Silence of both directions of a tunnel (WebSocket, say): applications that keep theirs ping every 30 s or so. */
  tunnelIdleMs: 300_000,
  /** Tunnels of one worker, those asked for included: half its connections, so that plain requests are left room. */
  tunnels: 10_000,
  /** A pooled connection without a request: below the 60–75 s that servers usually keep theirs. */
  poolIdleMs: 50_000,
  /** Open connections to one server, of one worker and one pool. */
  connectionsPerServer: 512,
  /**
   * Tunnels to one server, of one worker, beside those connections: four workers share the 28,000 ports that a system
   * has towards one address, and plain requests need theirs.
   */
  tunnelsPerServer: 6_000,
  /** Requests that wait for a connection when all are taken; more is `upstream_busy`. */
  waitingPerServer: 1_024,
  /** Time a request may wait for one. */
  waitingTimeoutMs: 1_000,
  /** Tries of one request, the first one included: two dead servers in a row are passed, three are an outage. */
  requestTries: 3,
  /** Share of the recent requests of an upstream that may be tried again: a fifth more load breaks no server. */
  retryShare: 0.2,
  /** Retries saved up by earlier requests: all calls in flight to one server that dies at once. */
  retriesSaved: 512,
  /** Retries that an upstream has at its start, and gets back at one a second, however little traffic it has. */
  retryFloor: 10,
  /** Failures in a row, a refused connection aside, after which a server is ejected. */
  ejectionFailures: 5,
  /** Share of failures that ejects too, over `ejectionWindowMs`, once there were so many calls. */
  ejectionFailureShare: 0.5,
  ejectionCalls: 20,
  ejectionWindowMs: 10_000,
  /** First ejection of a server; each further one lasts twice as long, up to the second number. */
  ejectionTimeMs: 1_000,
  ejectionMaxTimeMs: 30_000,
  /**
   * Longest time in which the only server of an upstream is not connected to: nobody else answers, so that a second
   * more of an outage is worse than a connection that is tried in vain.
   */
  circuitMaxTimeMs: 10_000,
  /** Share of the servers that may be ejected for what they answer: more is no fault of single servers. */
  ejectionMaxShare: 0.5,
  /** An ejected server whose time is over waits so long for a request that may be repeated, then takes any. */
  probePatienceMs: 1_000,
  /** Time over which a server that returned grows to its full share; and the share it begins with. */
  slowStartMs: 10_000,
  slowStartLeast: 0.1,
  /** Active health: between two questions to a server, for one answer, and answers in a row that change its state. */
  healthIntervalMs: 5_000,
  healthTimeoutMs: 2_000,
  healthyAnswers: 2,
  unhealthyAnswers: 3,
  /** A name is asked again after its time to live, between these: 0 must not mean always, nor a week never. */
  dnsMinTtlMs: 1_000,
  dnsMaxTtlMs: 60_000,
  /** Time to live of an answer that brings none (the system's own lookup). */
  dnsPlainTtlMs: 30_000,
  /** After a name that could not be resolved; its last addresses stay. */
  dnsRetryMs: 2_000,
  /** One question to a name server, of two tries. */
  dnsTimeoutMs: 1_500,
  /** A start waits so long for the first addresses of names. */
  dnsStartMs: 2_000,
  /** Addresses of one name that become servers. */
  dnsAddresses: 64,
  /** Copies in flight of one worker: not answered yet. */
  copiesInFlight: 256,
  /** So long half of the copies have to be unanswered before a full cap is the lane's doing, and not a moment's. */
  saturatedMs: 500,
  /** So many copies in a row without an answer in time: their lane is silent. */
  silentCopies: 32,
  /** Copies in flight to a silent lane: enough to hear it come back, too few to cost clients anything. */
  copiesToSilentLane: 8,
  /** Bytes held by copies and captured answers of one worker. */
  copyBytes: 64 * 1024 * 1024,
  /** Copies of one worker that are held at all: unanswered, or answered and waiting for a slow original. */
  copiesHeld: 1_024,
  /** An answered copy waits so long for its original: an endless stream is no pair. A first-byte timeout and half of one. */
  originalWaitMs: 90_000,
  /** First pairs after a start, per direction, that are counted and shown but are no evidence: caches are cold. */
  warmUpPairs: 20,
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
  /** Bytes of bodies waiting for the diff thread or handed to it, of one worker. */
  diffQueueBytes: 32 * 1024 * 1024,
  /**
   * Memory of one worker that bodies of answers are kept in, and the diff thread reads, 16 MiB: 320 pairs of 20 KiB. It is
   * taken slab by slab when it is needed; what does not fit, or is over 64 KiB, lies on the heap.
   */
  bodySlabs: 64,
  bodySlabBytes: 256 * 1024,
  /** Bytes of bodies after which a batch is handed over although it has room: comparing a larger one is a burst. */
  diffBatchBytes: 256 * 1024,
  /** After so much work the diff thread lets go of its core for so long: a thread of clients that shares it waits no longer. */
  diffTurnUs: 250,
  diffPauseUs: 50,
  /** Silence of a diff thread that has work: its slowest batch takes seconds, so it hangs and is replaced. */
  diffHangMs: 10_000,
  /** Niceness of the diff thread: a busy core goes to clients first, and comparing still gets a tenth of it. */
  diffNice: 10,
  /** JavaScript heap of the diff thread, MiB: two bodies at every limit fit; beyond it the thread dies, not the worker. */
  diffHeapMb: 128,
  /** Its young generation: Node's own choice held 5 MB more. */
  diffYoungMb: 4,
  /** Difference classes one worker keeps between two deltas; further ones are counted as `other`. */
  classesPerDelta: 500,
  /** Difference classes of one endpoint, and of one kind there; further places are the class `{other}` of that kind. One
   * endpoint with keys that are chance must not use up the classes of all, nor one kind those of its endpoint. */
  classesPerEndpoint: 200,
  classesPerEndpointKind: 60,
  /** Classes whose example one worker process has already sent; beyond it counts go without an example. */
  classesShown: 20_000,
  /** Further differences of the same pair that an example of a class shows. */
  exampleDifferences: 8,
  /** Smaller and later examples that one worker makes between two deltas: masking one takes 0.1 ms. */
  examplesPerDelta: 20,
  /** Request fields that an example keeps. */
  exampleFields: 24,
  /** Classes whose values one worker looks at for patterns; and the steps and values it follows of one class. */
  patternClasses: 200,
  patternsFollowed: 8,
  /** Patterns of one class that are remembered after their first sight, 1 KiB: a second sight is no accident then. */
  patternsRemembered: 256,
  /** Patterns of one class that are judged, of all workers together: 23 usual ones, and the rest. */
  patternsJudged: 32,
  /** Cells of lane and of copy counters in one worker, about 20 KiB each; further regions share one per route. */
  telemetryCells: 2_000,
  /** Users of the cohorts that one worker notes between two deltas, 12 bytes each; further ones are lost and counted. */
  cohortUsersPerDelta: 16_384,
  /** Regions, routes and kinds of method whose cohorts one worker tells apart under one epoch. */
  cohortScopes: 1_000,
  /** Users of one cohort that are told apart on one route: more say nothing new, and each takes room in the seen-set. */
  cohortRouteUsers: 1_000,
  /** Marks in the seen-set of an epoch, 3 bytes each: 20 million users, and what is marked twice (failed, or on a route). */
  cohortMarks: 24_000_000,
  /** Marks that its first part has room for, 384 KiB; each further part has four times as much. */
  cohortFirstMarks: 131_072,
  /** Users whose lot for the sample one worker tells between two deltas, 8 bytes each, and all of an epoch, 3 bytes each. */
  sampleUsersPerDelta: 1_024,
  sampleUsers: 1_000_000,
  /** Memories of one epoch whose names are kept, one more with each restart: a supervisor that dies in a loop names no more. */
  cohortSets: 100,
  /** Routes with series of their own at `/metrics`, in the order of their names; further ones share `_other`. */
  metricRoutes: 200,
  /** Regions with series of their own there; the same. */
  metricRegions: 50,
  /** Endpoint templates a worker learns; further paths are `{other}`. */
  endpoints: 500,
  /** Different words at one place of a path; later ones are `{any}`: nobody names so many pages one by one. */
  endpointSiblings: 50,
  /** Segments of a template; what comes after them is `{other}`. */
  endpointDepth: 24,
  /** Differences recorded for one pair; the rest is counted. */
  differencesPerPair: 32,
  /** Depth of a JSON body; deeper is compared as text. */
  jsonDepth: 64,
  /** Nodes of a JSON body; more is compared as text. */
  jsonNodes: 50_000,
  /** Keys of a JSON object; one with more is a table whose keys are ids, and they are folded out of paths. */
  jsonTableKeys: 50,
  /** Table cells (one list of 500 × 500) to line up the JSON lists of one pair; beyond it, place by place. */
  jsonAlignCells: 250_000,
  /** Rules about differences in one configuration: people keep that many in mind at the most. */
  differenceRules: 200,
  /** Body over the limit that is hashed while it streams by, bytes: 46 ms of one core at 1.4 GB/s, chunk by chunk. */
  hashedBytes: 64 * 1024 * 1024,
  /** Characters of a value kept in an example. */
  exampleChars: 256,
  /** Bytes a compressed body may decode to. */
  decodedBytes: 4 * 1024 * 1024,
  /** One worker → supervisor message a second. */
  deltaIntervalMs: 1_000,
  /** Answers of a lane from which on the share of bad ones is an error rate that a margin may be made of. */
  errorRateRequests: 1_000,
  /** A window is complete this long after its end: deltas come once a second and may be a little late. */
  windowGraceMs: 2_500,
  /** Time a worker has to acknowledge a snapshot before it counts as not in effect; after a rollback it is killed. */
  acknowledgeTimeoutMs: 2_000,
  /** After that, for acknowledgements that wait to be read: the supervisor itself may have been stopped. */
  acknowledgeGraceMs: 100,
  /** Drain: idle connections are closed and running exchanges cut at this age. */
  drainTimeoutMs: 30_000,
  /** First wait before a dead worker is started again; doubles up to the next line. */
  restartMinMs: 100,
  /** Longest wait before a dead worker is started again. */
  restartMaxMs: 10_000,
  /** How often a worker looks for the kill switch's file. */
  killSwitchPollMs: 200,
  /** Access-log lines handed over at once, 150 of them, or what came in 200 ms. */
  accessLogBatchBytes: 64 * 1024,
  /** One access-log line without what clients and names bring in: keys, numbers and words of ours. */
  accessLineBytes: 1_024,
  /** Bytes of lines that wait for the disk in one worker: 30,000 usual ones; beyond it lines are dropped and counted. */
  accessLogBytes: 16 * 1024 * 1024,
  /** Bytes of lines in one write: two flushes of a busy worker. */
  accessLogWriteBytes: 256 * 1024,
  /** The same for a pipe, which takes so many bytes whole or not at all (Linux: PIPE_BUF). */
  accessLogPipeBytes: 4_096,
  /** Wait before a pipe that nobody reads is tried again. */
  accessLogRetryMs: 200,
  /** Time for the last lines when a worker ends. */
  accessLogCloseMs: 2_000,
  /** Access-log lines of refused requests, of one worker: 30 KB/s; an attack is counted and fills no disk. */
  refusedLinesPerSecond: 100,
  /** Rotated access logs of one node: a month of hours. */
  accessLogsKept: 1_000,
  /** A rotated file may get late lines of another worker so long; a lock of rotation that is older was left behind. */
  accessLogSettleMs: 10_000,
  ...CONTROL_LIMITS,
  ...FILTER_LIMITS,
} as const;
