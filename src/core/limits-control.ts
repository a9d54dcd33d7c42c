/** The bounds of what is not on the way of a request: admin API, configuration, store, rehearsals. See `LIMITS`. */
export const CONTROL_LIMITS = {
  /** Body of an admin request. */
  adminBodyBytes: 64 * 1024,
  /** Body of a reload that brings its configuration: {@link configBytes}, with room for JSON's escapes. */
  adminReloadBytes: 6 * 1024 * 1024,
  /** Subscribers to admin events. */
  adminEventClients: 64,
  /** A worker that was forked and does not listen yet is killed then: loading takes well under a second. */
  workerStartMs: 20_000,
  /** A worker without a delta for so long is blocked: ten messages are missing. */
  workerSilenceMs: 10_000,
  /** Default of resident memory of a worker; above it it is replaced. Eight times what one holds at saturation. */
  workerRssBytes: 1024 * 1024 * 1024,
  /** Each half of a worker's young generation: 8 MiB cost no speed and save 35 MB at saturation over Node's own choice. */
  workerSemiSpaceMb: 8,
  /** How often a worker measures its event-loop delay; time, and measurements at least, of one decision. */
  overloadSampleMs: 25,
  overloadIntervalMs: 100,
  overloadSamples: 2,
  /** Default event-loop delay that may stand: a saturated worker with 1,000 busy connections stays below half of it. */
  overloadDelayMs: 100,
  /** Below it the limit says nothing about overload: one collection of garbage or one large body takes as long. */
  overloadDelayLeastMs: 20,
  /** With fewer exchanges running nobody is refused for delay: the wait is not for this worker. */
  overloadExchanges: 32,
  /** The admitted share shrinks to this part of itself in one decision at the most, and never below the next one. */
  overloadShrink: 0.25,
  overloadLeastShare: 0.02,
  /** It grows by so much in one decision: all is admitted again within a second of calm. */
  overloadGrow: 0.125,
  /** Copies stop at this part of the exchanges, and come back after so many calm decisions. */
  overloadCopiesShare: 0.75,
  overloadCalmIntervals: 20,
  /** Body of a refused request that is read and dropped, so that its connection can be kept. */
  overloadBodyBytes: 64 * 1024,
  /** Default bound on exchanges of one worker: half of its connections; 10,000 of them hold about 100 MB. */
  exchanges: 10_000,
  /** Event-loop delay (p99 of a second) from which on a worker is slow, and seconds in a row until it is reported. */
  workerSlowMs: 200,
  workerSlowReports: 5,
  /** Least that may be configured: twice what a worker holds at saturation. */
  workerRssLeastBytes: 256 * 1024 * 1024,
  /** A worker that served so long starts the next backoff from the shortest wait again. */
  workerHealthyMs: 60_000,
  /** Time a worker has to exit after its drain deadline before it is killed. */
  drainGraceMs: 2_000,
  /** Deltas handed to the channel and not taken by the supervisor; then counts stay in the worker. */
  deltasUnsent: 4,
  /** How far a clock may have been set back within an epoch, whose windows are read again: 360 of them, in 0.2 s. */
  recallClockMs: 3_600_000,
  /** Windows and difference classes kept for a store that is out of reach; the oldest are given up first. */
  windowsUnsaved: 60,
  classesUnsaved: 2_000,
  /** Events kept for subscribers that reconnect, and for a store that is out of reach. */
  eventsKept: 500,
  /** How often the store is swept of what is past its retention. */
  storeSweepMs: 300_000,
  /** Characters of the reason in the kill switch's file. */
  reasonChars: 500,
  /** Characters of a name in the audit: a name that was proven, and the principal that it stands for. */
  whoChars: 128,
  /** Characters of the name that a client says: the longest user name of Linux is 32, and a host may follow. */
  saidChars: 58,
  /** Characters of a name in a certificate as the audit has it; of a longer one it has the hash. */
  provenNameChars: 100,
  /** Time to live of the acting controller's lease: another one takes over at the latest then. */
  controllerLeaseMs: 10_000,
  /** How often the controller renews its lease and stores what could not be stored: three times in a lease. */
  controllerTickMs: 3_000,
  /** Attempts of one commit whose outcome is unknown; the store takes the same id once. */
  commitAttempts: 3,
  /** One call of the controller to its store; then the store counts as out of reach. */
  storeCallMs: 2_000,
  /** Connections to the admin API: all event subscribers, and as many short calls. */
  adminConnections: 128,
  /** Time to send a complete admin request. */
  adminRequestMs: 10_000,
  /** Time for the head of an admin request, also of the first one: both ends are on one machine. */
  adminHeadMs: 1_000,
  /** Silence of a connection to the admin API while an answer is written. */
  adminIdleMs: 30_000,
  /** Shortest token of a principal, characters: 128 bits as hex. */
  adminTokenChars: 32,
  /** Principals of the remote admin API: each is compared with a token that comes in. */
  adminPrincipals: 64,
  /** Time for a handshake with the remote admin API, and for the first head after it. */
  adminHandshakeMs: 5_000,
  /** Items of one list answered by the admin API, and how many without `limit`. */
  adminListItems: 1_000,
  adminListDefault: 100,
  /** Silence on an event stream; then a comment is sent, so that both ends notice a dead peer. */
  adminHeartbeatMs: 15_000,
  /** Bytes of events a subscriber has not read; beyond it it is cut and may resume. All kept events fit at once. */
  adminEventBufferBytes: 1024 * 1024,
  /** Answer of the admin API that a client takes: 1,000 classes with their examples, and slack. */
  adminAnswerBytes: 16 * 1024 * 1024,
  /** One event as a client takes it. */
  adminEventBytes: 64 * 1024,
  /** A call of the admin client; a commit to a remote store fits. */
  adminCallMs: 10_000,
  /** `cutover.yaml`, a scenario: ten thousand routes of 400 bytes; beyond it the file is data that went astray. */
  configBytes: 4 * 1024 * 1024,
  /** From this size on a configuration is read in a thread: it takes more than 200 ms, a thread is there in as long. */
  configThreadBytes: 128 * 1024,
  /** That thread ends when so long nothing was read; MiB of its young objects: parsing makes many that live for a second. */
  configThreadIdleMs: 600_000,
  configThreadYoungMb: 64,
  /** Levels of nesting in a YAML file; the deepest key of the schema stands at 7. */
  configDepth: 32,
  /** Values that all YAML aliases together may stand for, twenty for each route: stops a "billion laughs" file. */
  configAliased: 200_000,
  /** Problems shown of one file; the rest is counted. */
  configProblems: 100,
  /** Changed keys that are listed of one new configuration, and characters of each value. */
  configChanges: 100,
  configChangeChars: 80,
  /** Characters of the name of such a key: names of people's things stand in it. */
  configKeyChars: 200,
  /** Configurations whose text is kept, to go back to: the newest ones. Each is a file of {@link configBytes} at the most. */
  configVersions: 50,
  /** One of these texts as it is stored, deflated, in Base64: the store takes values of 1 MiB. */
  configPackedChars: 900_000,
  /** All of these texts together. */
  configVersionsBytes: 16 * 1024 * 1024,
  /** Characters of a source line shown with a problem. */
  configExcerptChars: 160,
  /** Entries of any list or map in `cutover.yaml` (servers, addresses), but for routes. */
  configEntries: 1_000,
  /** Routes: the router finds one among so many within twice the time of ten, and they are compiled within 200 ms. */
  configRoutes: 10_000,
  /** Weight of an upstream of a route: parts of a thousandth and finer. */
  upstreamWeight: 100_000,
  /** An expression of a route: its automaton is walked for every character of a path. */
  routePatternChars: 256,
  /** Routes with an expression: all of one host are asked one after the other. */
  routePatterns: 100,
  /** Headers, or parameters, that one route asks for, and the characters of their values. */
  routeConditions: 16,
  routeValueChars: 1_024,
  /** With `watch`, how often the files of the configuration are looked at: a handful of `stat` calls. */
  configWatchMs: 250,
  /** A JSON Web Key Set: 256 KiB holds hundreds of RSA keys. */
  jwksBytes: 256 * 1024,
  /** Filters that users wrote, the files of one, and their bytes: each snapshot carries them to every worker. */
  filterModules: 32,
  filterFiles: 64,
  filterSourceBytes: 256 * 1024,
  /** Time to load one: it is loaded for its check first, in a process of its own. */
  filterLoadMs: 5_000,
  /** So long a defect of one is not looked for again: a reload looks ahead, then reads the file. */
  filterDefectMs: 1_000,
  /** Fetched key sets: age, least time between two fetches, one fetch, as jose has them: a rotation announces its keys earlier. */
  jwksAgeMs: 600_000,
  jwksCooldownMs: 30_000,
  jwksTimeoutMs: 5_000,
  /** A list of revoked tokens: 6,000 UUIDs; it travels to every worker with the configuration. */
  revokedBytes: 256 * 1024,
  /** A file that holds one secret. */
  secretFileBytes: 4 * 1024,
  /** Time that a supervisor which takes over has to act once the older one has let go; then that one acts again. */
  handOverMs: 10_000,
  /** Time for all workers of a supervisor that takes over to serve, before the older one is asked for anything. */
  handOverServeMs: 30_000,
  /** How often either side of a hand-over looks at the lock and at the other one. */
  handOverPollMs: 25,
  /** Time for the workers of a supervisor that lets go to report what they counted since their last word. */
  handOverReportMs: 1_000,
  /** How often the acting supervisor looks for workers that have lost theirs. */
  strayLookMs: 1_000,
  /** Receivers of webhooks in one configuration: each has a queue and a connection. */
  notifyReceivers: 16,
  /** Characters of a receiver's URL. */
  notifyUrlChars: 2_048,
  /** Notifications that wait for one receiver, 2 KiB each; beyond it the oldest that waits is dropped. */
  notifyWaiting: 1_000,
  /** Characters of one text in a notification: reasons have 500, verdicts of many routes more. */
  notifyTextChars: 2_000,
  /** Default time for one answer of a receiver, and to connect to it. */
  notifyTimeoutMs: 5_000,
  /** Head of a receiver's answer, and of its body what is read: nothing in either is used but status and Retry-After. */
  notifyHeadBytes: 16 * 1024,
  notifyAnswerBytes: 16 * 1024,
  /** First wait before a notification is tried again, doubled up to the next line; the upper half is drawn. */
  notifyRetryMinMs: 1_000,
  notifyRetryMaxMs: 60_000,
  /** The longest Retry-After that is honoured. */
  notifyRetryAfterMs: 300_000,
  /** Failed tries in a row after which a receiver is said to be out of reach. */
  notifyTroubleTries: 3,
  /** Default age at which a notification is given up: later it is no news, and the history has it. */
  notifyGiveUpMs: 900_000,
  /** Longest wait of an orderly end for notifications; what waits then is not sent. */
  notifyCloseMs: 2_000,
  /** Between two looks whether a rule about differences has had its last day: it stopped by itself, its epoch has to end. */
  ruleLookMs: 1_000,
  /** Worker processes of one node. */
  workers: 64,
  /** Characters of a key, an id or a lease name in the store; the longest in use has about 40. */
  storeKeyChars: 512,
  /** One value in the store: above it a fleet's engine would refuse the request (etcd: 1.5 MiB). */
  storeValueBytes: 1024 * 1024,
  /** Operations, and guards, of one commit: etcd's default `--max-txn-ops`. */
  storeCommitItems: 128,
  /** Commit ids remembered, so that a repeated commit takes effect once: hours of phase changes. */
  storeCommitIds: 10_000,
  /** Revisions, and bytes of values, in the change log; a watcher further behind gets a snapshot again. */
  storeChangeRevisions: 1_000,
  storeChangeBytes: 8 * 1024 * 1024,
  /** Wait for another process that writes to the database; only opening it blocks for so long. */
  storeBusyMs: 2_000,
  /** Part of that wait in which the event loop stands, milliseconds: a commit of a few pages to a quiet disk. */
  storeBlockMs: 10,
  /** Time between two tries in that wait. */
  storeRetryMs: 20,
  /** How often changes of other processes, expiry and held leases are looked at. */
  storePollMs: 100,
  /** A store out of reach for so long is `down`, before that `stale`. */
  storeDownMs: 10_000,
  /** A database up to this size is checked as a whole when opened; above it, only all but the windows. */
  storeCheckBytes: 64 * 1024 * 1024,
  /** The write-ahead log is cut back to this after a checkpoint; it comes on top of the database file. */
  storeWalBytes: 4 * 1024 * 1024,
  /** Difference classes stored: more is a broken fingerprint, and nobody reads that many. */
  storeClasses: 10_000,
  /** Lines about new classes in the log within a minute; further ones are counted. */
  newClassLines: 20,
  /** Classes deleted at once when the store is full of them: one search for the least for so many new ones. */
  storeClassesMadeRoom: 100,
  /** Classes and endpoints of one epoch whose triples are kept: 600 bytes each, in memory and in one row of the store. */
  evidenceClasses: 2_000,
  evidenceEndpoints: 1_000,
  /** Windows older than this are rolled up into windows of the width below. */
  rollUpAfterMs: 24 * 3_600_000,
  rollUpWidthMs: 300_000,
  /** Windows given to one merge, between two turns of the event loop. */
  rollUpBatchWindows: 6,
  /** Rolled-up windows made by one sweep: an hour's worth, so that a long absence is caught up in pieces. */
  rollUpSlotsPerSweep: 12,
  /** A sweep goes by the middle one of so many newest windows when the clock is ahead: half an hour of wrong time. */
  sweepWitnessWindows: 360,
  /** How far past that window a sweep believes the clock: the half hour it is behind, and as much again. */
  sweepAheadMs: 3_600_000,
  /** Windows of one `readNewest`, an hour of 10 s: they are held in memory at once, about 100 KiB each. */
  storeNewestWindows: 360,
  /** Windows unpacked between two turns of the event loop. */
  storeReadBatchWindows: 6,
  /** Windows deleted at a time while the store is over its size. */
  trimBatchWindows: 64,
  /** Files of one NGINX configuration, and levels of blocks and includes in it. */
  nginxFiles: 1_000,
  nginxDepth: 32,
  /** Longest wait for a mirror that is no trap: a client notices half a second, once. */
  mirrorTimeoutMs: 500,
  /** A capture or access log of a rehearsal, read at once. */
  captureBytes: 64 * 1024 * 1024,
  /** One record of a capture: a request with its body, or an entry of a HAR file with the answer's. */
  captureRecordBytes: 32 * 1024 * 1024,
  /** One line of an access log: NGINX cuts at 4 KiB a variable, JSON with every header takes some dozen. */
  captureLineBytes: 256 * 1024,
  /** First bytes of a capture by which its format is told, and its identity when a replay goes on. */
  captureHeadBytes: 64 * 1024,
  /** Read from a capture at once. */
  captureChunkBytes: 256 * 1024,
  /** Requests of a replay under way at once: two connections each; and the default. */
  replayConcurrency: 256,
  replayConcurrencyDefault: 32,
  /** Requests of a replay read ahead, and bytes of their bodies: a session that waits holds up no other one. */
  replayAhead: 2_048,
  replayAheadBytes: 64 * 1024 * 1024,
  /** Answer kept for comparison by a replay, of either lane: with 256 requests under way 512 MiB at the very most. */
  replayAnswerBytes: 1024 * 1024,
  /** Default deadline of one request of a replay, on each lane. */
  replayTimeoutMs: 10_000,
  /** After Ctrl-C, for the answers that are under way. */
  replayDrainMs: 2_000,
  /** Classes of differences in one report; further ones are counted together. */
  replayClasses: 2_000,
  /** A report or a file of an interrupted replay: 2,000 classes with examples take 4 MiB. */
  replayFileBytes: 64 * 1024 * 1024,
  /** How often a heartbeat is written for the SIEM: three are missing before half a minute of lag has passed. */
  siemHeartbeatMs: 10_000,
  /** One line for the SIEM: the agent of Wazuh cuts at 64 KiB with its header. */
  siemLineBytes: 60 * 1024,
  /** Characters of one value in such a line. */
  siemValueChars: 1_000,
  /** Lines a second, and at once: a tenth of the 500 events a second that an agent forwards by default. */
  siemLinesPerSec: 50,
  siemLinesBurst: 200,
  /** Lines of one window: 50 regions with errors on both lanes; further ones are counted. */
  siemWindowLines: 100,
  /** Lines that wait for a slow disk. */
  siemLinesWaiting: 1_000,
  /** The same happening is told once in this time, with a count. */
  siemRepeatMs: 60_000,
  /** Happenings remembered for that. */
  siemRepeats: 500,
  /** Smallest file that is moved away, and moved files kept at the most. */
  siemFileLeastBytes: 64 * 1024,
  siemFilesKept: 100,
  /** An alert is found after so long: manager, Filebeat and a refresh of 5 s, with slack. */
  siemLagMs: 30_000,
  siemSpanMs: 300_000,
  /** Longest pause between two questions: with one answer a breach is heard 15 s after it is visible at the latest. */
  siemIntervalMs: 10_000,
  siemTimeoutMs: 3_000,
  /** From a question without an answer to the next: with interval and timeout still within those 15 s. */
  siemAgainMs: 1_000,
  /** Answer of the indexer: 50 regions with both lanes and 17 levels take 150 KiB. */
  siemAnswerBytes: 512 * 1024,
  /** Regions of one question. */
  siemRegions: 100,
  /** How far the clock of the SIEM may be behind ours. */
  siemSkewMs: 5_000,
  /** Time for the last lines to be written at the end. */
  siemCloseMs: 2_000,
  /** Requests of a rehearsal under way, each on a connection of its own; beyond it they count as client errors. */
  rehearsalInFlight: 4_000,
  /** A client of a rehearsal gives up then, as a patient browser does. */
  rehearsalRequestMs: 30_000,
  /** An unused connection of such a client: below the 60 s of the gateway and the 75 s of NGINX, so that no request meets a close. */
  rehearsalIdleMs: 4_000,
  /** Answers that are still awaited after the last request of a rehearsal; then they count as client errors. */
  rehearsalDrainMs: 2_000,
  /** Time for a server of a rehearsal to listen: a cold start of the gateway on a busy machine takes five. */
  rehearsalStartMs: 20_000,
  /** Time for a process of a rehearsal to end after SIGTERM; then it is killed. */
  rehearsalStopMs: 5_000,
  /** How often a rehearsal looks at the status: twice in the shortest window. */
  rehearsalPollMs: 400,
  /** Output kept of one process of a rehearsal, characters; the oldest goes first. */
  rehearsalOutputChars: 64 * 1024,
  /** A search of the indexer of a rehearsal, lines shipped to it at once, and records that it keeps of one index. */
  rehearsalSearchBytes: 256 * 1024,
  rehearsalRecords: 50_000,
  /** How often new lines are shipped to it. */
  rehearsalShipMs: 100,
  /** Epochs of a rehearsal whose gates are kept. */
  rehearsalEpochs: 500,
} as const;
