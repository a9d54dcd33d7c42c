/** One metric family as it is exposed and documented. */
export interface MetricInfo {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Names of labels, in the order they are written in. */
  readonly labels: readonly string[];
  readonly help: string;
}

const LANE = ['lane', 'route', 'region'] as const;
const COPY = ['direction', 'route', 'region'] as const;
const POOL = ['worker', 'lane', 'upstream', 'use'] as const;
const counter = (labels: readonly string[], help: string) => ({ type: 'counter', labels, help }) as const;
const gauge = (labels: readonly string[], help: string) => ({ type: 'gauge', labels, help }) as const;

/** Every metric of a node, in the order they are exposed in. Counters begin with the supervisor. */
export const METRICS = {
  cutover_build_info: gauge(['build', 'node'], 'The build that runs, and its runtime; always 1.'),
  cutover_start_time_seconds: gauge([], 'When the supervisor was started, as a Unix time.'),
  cutover_phase: gauge(['phase'], '1 for the phase of the rollout, 0 for the others.'),
  cutover_bypass: gauge([], '1 while the kill switch is on.'),
  cutover_epoch: gauge([], 'The epoch that evidence is collected under.'),
  cutover_snapshot_revision: gauge([], 'The snapshot that was published last.'),
  cutover_snapshot_in_effect: gauge([], '1 when every worker runs on it.'),
  cutover_workers: gauge(['state'], 'Worker processes by state.'),
  cutover_siem_lines_total: counter(
    ['result'],
    'Lines for the SIEM: written, or lost to a bound or the disk. Not there without siem.events.',
  ),
  cutover_siem_answers_total: counter(
    ['result'],
    'Answers of the SIEM: valid, or odd and worth nothing. Not there without siem.indexer.',
  ),
  cutover_requests_total: counter(
    [...LANE, 'method', 'status'],
    'Requests by the lane that was asked first, kind of method (safe or write) and status class the client got.',
  ),
  cutover_requests_bad_total: counter(
    LANE,
    'Of these: status 500 or above, failures and timeouts of the lane.',
  ),
  cutover_requests_abandoned_total: counter(
    LANE,
    'Of these: the client gave up before the answer was complete.',
  ),
  cutover_fallbacks_total: counter(LANE, 'Of these: the other lane answered because this one failed.'),
  cutover_lane_failures_total: counter([...LANE, 'code'], 'Failures of the lane, by code.'),
  cutover_request_bytes_total: counter(LANE, 'Bytes of request bodies that clients sent.'),
  cutover_response_bytes_total: counter(LANE, 'Bytes sent to clients.'),
  cutover_service_time_seconds: {
    type: 'histogram',
    labels: ['lane', 'route'],
    help: 'From the request sent to the server of the lane to the last byte of its answer; within 1 %.',
  },
  cutover_edge_answers_total: counter(['reason'], 'Requests answered by neither lane, by code or filter.'),
  cutover_copies_total: counter([...COPY, 'decision'], 'Eligible requests by what was decided about a copy.'),
  cutover_copies_rate_capped_total: counter(COPY, 'Of not_sampled: over the cap on copies a second.'),
  cutover_copy_outcomes_total: counter(
    [...COPY, 'outcome'],
    'Copies that were sent, by what became of them.',
  ),
  cutover_copies_pending: gauge(COPY, 'Copies sent and not concluded.'),
  cutover_copy_failures_total: counter([...COPY, 'code'], 'Copies that failed, by code.'),
  cutover_pairs_total: counter([...COPY, 'metric'], 'Pairs that are evidence, by metric.'),
  cutover_pairs_only_bad_total: counter([...COPY, 'metric', 'lane'], 'Of these: only this lane was bad.'),
  cutover_pairs_excluded_total: counter(COPY, 'First pairs after a start, which are no evidence.'),
  cutover_noise_legs_total: counter(
    [...COPY, 'decision'],
    'Copies whose request legacy was to be asked again: dropped or sent.',
  ),
  cutover_noise_leg_outcomes_total: counter([...COPY, 'outcome'], 'Of these sent, by what became of them.'),
  cutover_triples_total: counter(COPY, 'Requests answered by legacy, by the candidate and by legacy again.'),
  cutover_triples_only_differing_total: counter(
    [...COPY, 'lane'],
    'Of these: only this lane differed, by class, from the first answer of legacy.',
  ),
  cutover_pairs_ignored_total: counter(COPY, 'Pairs in which nothing differs but what rules hide.'),
  cutover_rule_pairs_total: counter([...COPY, 'rule'], 'Pairs in which a rule hid a difference.'),
  cutover_ineligible_total: counter(['reason'], 'Requests that are not eligible for a copy, by reason.'),
  cutover_notifications_total: counter(
    ['outcome'],
    'Notifications to receivers of webhooks: delivered, refused, given_up (too old), dropped (too many waited) or unsent (the end came).',
  ),
  cutover_notification_retries_total: counter([], 'Tries of them beyond the first.'),
  cutover_notifications_waiting: gauge([], 'Notifications that wait or are under way.'),
  cutover_copy_duration_seconds: {
    type: 'histogram',
    labels: ['worker', 'direction', 'outcome'],
    help: 'From a copy sent to the end of its answer, by what became of it; since the worker started.',
  },
  cutover_filter_calls_total: counter(
    ['worker', 'filter', 'outcome'],
    'Calls of a filter that a user wrote, since the worker started: passed, answered, threw, late or invalid.',
  ),
  cutover_filter_overruns_total: counter(
    ['worker', 'filter'],
    'Hooks of it that kept the worker from everything else for longer than its budget.',
  ),
  cutover_filter_duration_seconds: {
    type: 'histogram',
    labels: ['worker', 'filter'],
    help: 'How long requests waited for its onRequest; since the worker started.',
  },
  cutover_client_connections_refused_total: counter(
    ['worker', 'reason'],
    'Client connections that were not served, since the worker started: limit (told 503), dropped (closed without a word) or address.',
  ),
  cutover_client_connections: gauge(
    ['worker', 'state'],
    'Client connections by what they are doing: idle, head, exchange or closing.',
  ),
  cutover_exchanges: gauge(['worker'], 'Exchanges that run.'),
  cutover_tunnels: gauge(['worker'], 'Of these: tunnels (WebSocket), open or asked for.'),
  cutover_tunnels_ended_total: counter(
    ['worker', 'lane', 'reason'],
    'Tunnels that ended, since the worker started: closed by both sides, or the code of what cut them.',
  ),
  cutover_tunnel_bytes_total: counter(
    ['worker', 'lane', 'direction'],
    'Bytes of ended tunnels, from the client (in) and to it (out); since the worker started.',
  ),
  cutover_tunnel_duration_seconds: {
    type: 'histogram',
    labels: ['worker', 'lane'],
    help: 'From the request for a tunnel to its end; since the worker started.',
  },
  cutover_upstream_connections: gauge(
    [...POOL, 'state'],
    'Connections to an upstream, active or idle, for requests of clients or for copies. A tunnel is an active one.',
  ),
  cutover_upstream_waiting: gauge(POOL, 'Calls that wait for such a connection.'),
  cutover_upstream_servers: gauge(
    [...POOL, 'state'],
    'Servers of an upstream: in use, or out because they are ejected, probed or unhealthy.',
  ),
  cutover_upstream_ejections_total: counter(POOL, 'Servers ejected, since the configuration was loaded.'),
  cutover_upstream_retries_total: counter(
    [...POOL, 'result'],
    'Requests to be made again on another server: made, or denied by the budget; since the configuration was loaded.',
  ),
  cutover_copies_in_flight: gauge(['worker'], 'Copies that were not answered yet.'),
  cutover_copy_bytes: gauge(['worker'], 'Bytes held by copies and captured answers.'),
  cutover_diff_queue_pairs: gauge(['worker'], 'Pairs that were not compared yet.'),
  cutover_access_log_dropped_total: counter(['worker'], 'Access-log lines dropped since the worker started.'),
  cutover_resident_memory_bytes: gauge(['worker'], 'Resident memory of the process.'),
  cutover_event_loop_delay_seconds: gauge(['worker'], 'Event-loop delay, 99th percentile over a second.'),
} as const satisfies Record<string, MetricInfo>;

export type MetricName = keyof typeof METRICS;
