import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { wallMs } from '../../src/core/clock.ts';
import { startIndexer } from '../../src/scenario/siem/indexer.ts';
import type { Indexer, SearchAnswer } from '../../src/scenario/siem/indexer.ts';
import { alertOf, eventOf } from '../../src/scenario/siem/records.ts';
import { readRules } from '../../src/scenario/siem/rules.ts';
import { CERTIFICATES, SERVER_TLS } from './certificates.ts';
import { REPOSITORY } from './shared-data.ts';

/** The rules that are shipped for Wazuh 4. */
export const RULES = readRules(readFileSync(join(REPOSITORY, 'deploy/wazuh/local_rules.xml'), 'utf8'));

export const INDEXER_CA = join(CERTIFICATES, 'ca.pem');
export const USER = {
  name: 'cutover',
  password: 'vEry-SecRet_Pa55word',
  reads: ['wazuh-alerts-4.x-*', 'wazuh-events-v5-*'],
};

const shards = (answer: SearchAnswer, change: object): SearchAnswer => ({
  ...answer,
  _shards: { ...(answer['_shards'] as object), ...change },
});

/** What an indexer can do instead of answering well: another answer, or anything else. */
const MODES = {
  well: null,
  timedOut: (answer) => ({ ...answer, timed_out: true }),
  shardFailed: (answer) => shards(answer, { failed: 1 }),
  shardMissing: (answer) => shards(answer, { successful: 1 }),
  noShards: (answer) => shards(answer, { total: 0, successful: 0 }),
  estimate: (answer) => ({ ...answer, hits: { total: { value: 10_000, relation: 'gte' } } }),
  noCounts: (answer) => ({ ...answer, aggregations: {} }),
  array: () => [],
  null: () => null,
  cutOff: (answer) => changed(answer, /"sum_other_doc_count":0/, '"sum_other_doc_count":4'),
  inexact: (answer) => changed(answer, /"doc_count_error_upper_bound":0/, '"doc_count_error_upper_bound":1'),
  lost: (answer) => changed(answer, /("alerts":\{"doc_count":)/, '$19'),
  texts: (answer) => changed(answer, /"doc_count":(\d+)/g, '"doc_count":"$1"'),
  negative: (answer) => changed(answer, /"doc_count":1/g, '"doc_count":-1'),
  busy: (_, response) => void response.writeHead(429, { 'retry-after': '1' }).end(),
  unavailable: (_, response) => void response.writeHead(503).end('{"error":"no master"}'),
  created: (answer, response) => void response.writeHead(201).end(JSON.stringify(answer)),
  empty: (_, response) => void response.writeHead(204).end(),
  redirect: (_, response) => void response.writeHead(302, { location: '/login' }).end(),
  garbage: (_, response) => void response.writeHead(200).end('<html>It works!</html>'),
  huge: (answer) => ({ ...answer, padding: 'x'.repeat(2 ** 20) }),
  cut: (_, response) => {
    response.writeHead(200, { 'content-length': '5000' }).write('{"took":1,', () => response.destroy());
  },
  reset: (_, response) => void response.destroy(),
  hangs: () => undefined,
  drips: (_, response) => void response.writeHead(200).write('{'),
} as const satisfies Record<string, null | ((answer: SearchAnswer, response: ServerResponse) => unknown)>;

export type IndexerMode = keyof typeof MODES;
export const ODD_MODES = Object.keys(MODES).filter((mode) => mode !== 'well') as IndexerMode[];

function changed(answer: SearchAnswer, from: RegExp, to: string): unknown {
  return JSON.parse(JSON.stringify(answer).replace(from, to));
}

/** A stand-in indexer with a mode, and a short way from a line to a record. */
export interface TestIndexer extends Indexer {
  become: (mode: IndexerMode) => void;
  /**
   * Makes of a line what Wazuh makes of it, taken `atMs`.
   * @returns when a search finds it; null when it is no record
   */
  take: (line: string, atMs?: number) => number | null;
}

/** `await indexer()`: HTTPS, one user, no refresh delay unless one is given. */
export async function indexer(
  options: { readonly version?: 4 | 5; readonly refreshMs?: number; readonly plain?: boolean } = {},
): Promise<TestIndexer> {
  const { version = 4, refreshMs = 0, plain = false } = options;
  let mode: IndexerMode = 'well';
  const started = await startIndexer({
    ...(plain ? {} : { tls: SERVER_TLS }),
    users: [USER],
    refreshMs,
    intercept: async (response, answer) => {
      const instead = MODES[mode];
      if (instead === null) return false;
      const said = instead(answer, response);
      // `array` and `null` are answers, too.
      if (said !== undefined) response.writeHead(200).end(JSON.stringify(said));
      return true;
    },
  });
  return {
    ...started,
    become: (next) => {
      mode = next;
    },
    take: (line, atMs = wallMs()) => {
      const made = version === 4 ? alertOf(line, RULES, atMs) : eventOf(line, atMs);
      return made === null ? null : started.records.add(made.index, made.record);
    },
  };
}
