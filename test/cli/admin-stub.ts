import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DifferenceDetail, Differences } from '../../src/control/schema/differences.ts';
import type { StatusGate } from '../../src/control/schema/gate.ts';
import type { KeptGateInput } from '../../src/control/schema/gate-input.ts';
import type { History } from '../../src/control/schema/history.ts';
import type { Status } from '../../src/control/schema/status.ts';
import { inputSample } from '../report/report-sample.ts';
import { cli } from './kit.ts';
import type { Ran, World } from './kit.ts';
import { statusSample } from './status-sample.ts';

/** What the admin API answers; a test changes it as it goes. */
interface Answers {
  status: Status;
  gateInput: KeptGateInput;
  differences: Differences;
  detail: DifferenceDetail | null;
  history: History;
}

/** An admin API over canned answers, on a port of its own, for verbs that only read. */
export interface AdminStub {
  readonly answers: Answers;
  /** The words of a command line against it. */
  readonly words: (line: string) => string[];
  /** Runs a verb against it. */
  readonly verb: (line: string, world?: World) => Promise<Ran>;
  /** Paths that were asked, in order. */
  readonly asked: readonly string[];
  /** Stops listening; {@link listen} goes on at the same port. */
  readonly close: () => Promise<void>;
  readonly listen: () => Promise<void>;
  /** Closes it and removes its folder. */
  readonly stop: () => Promise<void>;
  /** A folder of its own. */
  readonly folder: string;
}

const TOKEN = 'ab'.repeat(32);

/** A status that differs from the sample in its gates, and in where the rollout stands. */
export function statusWith(gate: Partial<StatusGate>, rollout: Partial<Status['rollout']> = {}): Status {
  return {
    ...statusSample,
    gate: { ...statusSample.gate, ...gate },
    rollout: { ...statusSample.rollout, ...rollout },
  };
}

/** Starts one. */
export async function startAdminStub(): Promise<AdminStub> {
  const folder = mkdtempSync(join(tmpdir(), 'cutover-stub-'));
  writeFileSync(join(folder, 'admin.token'), `${TOKEN}\n`, { mode: 0o600 });
  const answers: Answers = {
    status: statusSample,
    gateInput: inputSample.gateInput,
    differences: { schemaVersion: 1, compared: 980, total: 0, classes: [] },
    detail: null,
    history: { schemaVersion: 1, intact: true, total: 0, entries: [], configurations: [] },
  };
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    asked.push(path);
    const open = path === '/v1/status' || request.headers.authorization === `Bearer ${TOKEN}`;
    const body = open ? bodyOf(answers, path) : { error: 'no token' };
    response.writeHead(open ? 200 : 401, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  let port = 0;
  const listen = async (): Promise<void> => {
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  };
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  await listen();
  const words = (line: string): string[] => [
    ...line.split(' '),
    '--admin',
    `127.0.0.1:${port}`,
    ...runDir(line, folder),
  ];
  return {
    answers,
    asked,
    folder,
    close,
    listen,
    words,
    verb: (line, world) => cli(words(line), world),
    stop: async () => {
      if (server.listening) await close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Only verbs that need the token have the flag. */
function runDir(line: string, folder: string): string[] {
  return line.startsWith('report') ? ['--run-dir', folder] : [];
}

function bodyOf(answers: Answers, path: string): object | null {
  if (path === '/v1/status') return answers.status;
  if (path === '/v1/evidence')
    return { schemaVersion: 1, status: answers.status, gateInput: answers.gateInput };
  if (path === '/v1/differences') return answers.differences;
  if (path === '/v1/history') return answers.history;
  return answers.detail;
}
