import { proofSchema } from '../../src/control/schema/proof.ts';
import { decide } from '../../src/rollout/gates/decide.ts';
import { gateInput } from '../rollout/gates-fixtures.ts';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { StampedEvent } from '../../src/core/events.ts';
import type { AdminBackend, CommandResult } from '../../src/control/admin-backend.ts';
import { createAdminServer } from '../../src/control/admin-server.ts';
import type { AdminServer, AdminServerOptions } from '../../src/control/admin-server.ts';
import type { HandOverAnswer, HandOverBody } from '../../src/control/schema/commands.ts';
import { keepGateInput } from '../../src/control/schema/gate-input.ts';
import type { Measured } from '../../src/control/schema/gate-input.ts';
import type { Status } from '../../src/control/schema/status.ts';
import { buildStatus } from '../../src/control/status.ts';
import { versionOf } from '../../src/control/versions.ts';
import { Controller } from '../../src/rollout/controller.ts';
import type { ApplyResult } from '../../src/rollout/controller-types.ts';
import { summarise } from '../../src/telemetry/summary.ts';
import { plan } from '../rollout/fixtures.ts';
import { MemoryStore } from '../rollout/memory-store.ts';

export const token = 'ab'.repeat(32);

/** An event to send. */
export function stamped(sequence: number, message = 'x'): StampedEvent {
  return { sequence, atMs: 1_000 + sequence, event: { type: 'store', ok: true, message } };
}

function inEffect(result: ApplyResult): CommandResult {
  return result.ok ? { ...result, inEffect: true, missingPids: [], needRestart: ['listen'] } : result;
}

/** A backend over a real controller; what it was asked and whom it tells events stays visible. */
class TestBackend implements AdminBackend {
  readonly controller: Controller;
  readonly asked: unknown[] = [];
  readonly past: StampedEvent[] = [];
  readonly listeners = new Set<(event: StampedEvent) => void>();
  isReady = true;
  failure: Error | null = null;

  constructor(controller: Controller) {
    this.controller = controller;
  }

  emit(event: StampedEvent): void {
    this.past.push(event);
    for (const listener of this.listeners) listener(event);
  }

  async status(): Promise<Status> {
    if (this.failure !== null) throw this.failure;
    return buildStatus({
      build: '0.1.0',
      atMs: 5_000,
      startedAtMs: 1_000,
      snapshot: { revision: 3, inEffect: true, configHash: 'c' },
      classes: 0,
      listeners: [{ address: '127.0.0.1:8080', region: null }],
      workers: [],
      store: { mode: 'live', message: null },
      state: this.controller.state,
      plan,
      gate: decide(this.input()),
      summary: summarise(null),
    });
  }

  async measured(): Promise<Measured> {
    return { schemaVersion: 1, status: await this.status(), gateInput: keepGateInput(this.input()) };
  }

  private input() {
    return gateInput({ state: this.controller.state });
  }

  async apply(command: Parameters<AdminBackend['apply']>[0]) {
    this.asked.push(command);
    return inEffect(
      await this.controller.apply(command.verb === 'advance' ? { ...command, legacyServes: true } : command),
    );
  }

  async handOver(body: HandOverBody): Promise<HandOverAnswer> {
    if (this.failure !== null) throw this.failure;
    this.asked.push(body);
    return { schemaVersion: 1, pid: 7, build: '0.1.0' };
  }

  async reload(author: { who: string; reason: string }) {
    if (this.failure !== null) throw this.failure;
    const command = { verb: 'reload', configHash: 'c2', build: '1', ...author } as const;
    return inEffect(await this.controller.reload(command, plan));
  }

  async configuration(sequence: number) {
    return versionOf(sequence, await this.controller.configuration(sequence));
  }

  async proof(sequence: number) {
    const text = await this.controller.proof(sequence);
    return text === null ? null : proofSchema.parse(JSON.parse(text));
  }

  async history(limit: number) {
    const page = await this.controller.history(limit);
    return { schemaVersion: 1 as const, ...page, entries: [...page.entries], configurations: [] };
  }

  async differences(limit: number) {
    return { schemaVersion: 1 as const, compared: limit, total: 0, classes: [] };
  }

  async difference(id: string) {
    if (id !== 'feed') return null;
    return {
      schemaVersion: 1 as const,
      class: {
        id,
        route: 'api',
        endpoint: 'GET /users/{id}',
        kind: 'status' as const,
        path: 'status',
        count: 2,
        firstSeenMs: 1,
        lastSeenMs: 2,
        example: null,
      },
      reproduce: null,
    };
  }

  metrics(): string {
    return '# TYPE cutover_build_info gauge\ncutover_build_info 1\n';
  }

  ready(): boolean {
    return this.isReady;
  }

  subscribe(after: number | null, listener: (event: StampedEvent) => void): () => void {
    if (after !== null) for (const event of this.past) if (event.sequence > after) listener(event);
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

export interface Admin {
  readonly backend: TestBackend;
  readonly server: AdminServer;
  readonly port: number;
  readonly log: string[];
  stop(): Promise<void>;
}

/** A backend over a rollout that nobody else sees. */
export async function testBackend(): Promise<TestBackend> {
  const controller = await Controller.open(new MemoryStore().connect(), {
    plan,
    configHash: 'c',
    build: '1',
    holder: 'one',
    publish: () => undefined,
    tickMs: 0,
  });
  return new TestBackend(controller);
}

/** An admin server on a free port. */
export async function startAdmin(overrides: Partial<AdminServerOptions> = {}): Promise<Admin> {
  const backend = await testBackend();
  const log: string[] = [];
  const server = createAdminServer({ backend, token, log: (line) => log.push(line), ...overrides });
  const port = await server.listen('127.0.0.1', 0);
  const stop = async (): Promise<void> => {
    await server.close();
    await backend.controller.close();
  };
  return { backend, server, port, log, stop };
}

/** What came back on a raw connection, head and body. */
export interface Raw {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Opens a connection and collects what it answers. */
export function dial(port: number): { readonly socket: Socket; readonly text: () => string } {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  return { socket, text: () => Buffer.concat(chunks).toString('utf8') };
}

/** Sends exactly this text and reads until the server ends the connection. */
export async function sendRaw(port: number, text: string): Promise<Raw> {
  const { socket, text: received } = dial(port);
  socket.write(text);
  await new Promise((resolve) => socket.once('close', resolve));
  const answer = received();
  const split = answer.indexOf('\r\n\r\n');
  const head = answer.slice(0, split);
  return { status: Number(head.split(' ')[1]), head, body: answer.slice(split + 4) };
}

/** One request head; fields that are null are left out. */
export function requestText(
  line: string,
  fields: Readonly<Record<string, string | null>> = {},
  body = '',
): string {
  const all: Record<string, string | null> = { host: '127.0.0.1', connection: 'close', ...fields };
  if (body !== '' && !('content-length' in all)) all['content-length'] = String(Buffer.byteLength(body));
  const lines = Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]));
  return [`${line} HTTP/1.1`, ...lines, '', body].join('\r\n');
}

/** The field that shows the token. */
export const withToken = { authorization: `Bearer ${token}` };

/** A command with everything it needs, unless overridden. */
export function commandText(
  verb: string,
  body: string,
  fields: Readonly<Record<string, string | null>> = {},
): string {
  const needed = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return requestText(`POST /v1/${verb}`, { ...needed, ...fields }, body);
}
