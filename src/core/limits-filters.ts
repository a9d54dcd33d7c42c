/** Bounds of filters and of the tokens they verify; part of {@link LIMITS}. */
export const FILTER_LIMITS = {
  /** Default and largest time that a request waits for one filter of a user: a check that is slower belongs behind it. */
  filterBudgetMs: 100,
  filterBudgetMostMs: 10_000,
  /** Options of one filter, as JSON: settings, not data. What its `parse` may have against them, and characters of each. */
  filterOptionsBytes: 64 * 1024,
  filterOptionIssues: 20,
  filterOptionChars: 300,
  /** Body of an answer that a filter gives: an error page. */
  filterReplyBytes: 64 * 1024,
  /**
   * A hook that keeps the loop of its worker for so long does not return: the worker is ended. How often a thread looks,
   * the filters it can name, and its heap, MiB.
   */
  filterBlockMs: 2_000,
  filterLookMs: 100,
  filterNames: 64,
  filterWatchHeapMb: 16,
  /** Clients that one rate limit tells apart in one worker, 100 bytes each; beyond it those seen longest ago begin anew. */
  rateLimitClients: 100_000,
  /** Lines that one worker logs about failures of one filter, in this time. */
  filterLogLines: 10,
  filterLogMs: 1_000,
  /** Longest token that is looked at, characters: refused before any decoding. */
  tokenChars: 8_192,
  /** Verified tokens that are remembered by one filter of one worker: so many users at once; and their characters. */
  verifiedTokens: 10_000,
  verifiedTokenChars: 16 * 1024 * 1024,
  /** A verified token is looked at again at this age, whatever its `exp` says. */
  verifiedTokenMs: 600_000,
  /** Tokens with a wrong signature that are remembered, apart from the good ones; each so long. */
  refusedTokens: 1_000,
  refusedTokenMs: 10_000,
  /** Signatures verified at once by one worker: more would take the processor from requests that need none. */
  verifications: 2,
  /** Requests that wait for one of these: 20 ms of them; a further one is answered 503. */
  verificationsWaiting: 128,
  /** Requests that wait for keys that are being fetched because theirs was unknown; a further one is refused. */
  keyWaiters: 64,
  /** Time that a worker waits for its first keys before it listens. */
  keysStartMs: 3_000,
  /** Characters of one claim in a request header: a longer one is left out, because a cut one names somebody else. */
  claimChars: 1_024,
} as const;
