import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { monotonicMs } from '../src/core/clock.ts';
import { AnswerCounter } from './answer-counter.ts';
import type { LoadPlan } from './load.ts';

/**
 * The bench's own load: `node load-client.ts JSON`, with the URL, the plan and the seconds. In an open loop requests
 * are due at fixed moments whatever the answers do, and latency counts from there, so that a stall is not hidden by
 * the client that waited for it. Prints one line of figures.
 */
interface Job {
  readonly url: string;
  readonly plan: LoadPlan;
  readonly seconds: number;
}

const { url, plan, seconds } = JSON.parse(process.argv[2] ?? '{}') as Job;
const perSecond = plan.perSecond ?? 0;
const isOpen = plan.kind === 'open';
const opensEach = plan.newConnections === true;
const target = new URL(url);
const REQUESTS =
  plan.tokensFile === undefined ? [requestBytes('')] : tokensOf(plan.tokensFile).map(withToken);
/** Loads of the same tokens do not begin with the same one. */
let nextRequest = Math.floor(Math.random() * REQUESTS.length);
const CLIENT =
  plan.client === undefined
    ? {}
    : { cert: readFileSync(plan.client.certFile), key: readFileSync(plan.client.keyFile) };
const RECONNECT_MS = 10;

/** At first this client is cold itself: requests count from the start, latencies from a little later. */
const WARM_MS = Math.min(500, (seconds * 1_000) / 4);

const latenciesMs: number[] = [];
let requests = 0;
let errors = 0;
let stopped = false;
/** Moments at which requests were due and no connection was free. */
const dueMs: number[] = [];
const idle: Wire[] = [];

function tokensOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n');
}

function withToken(token: string): string {
  return requestBytes(`Authorization: Bearer ${token}\r\n`);
}

function nextBytes(): string {
  nextRequest = (nextRequest + 1) % REQUESTS.length;
  return REQUESTS[nextRequest] as string;
}

function requestBytes(fields: string): string {
  const bodyBytes = plan.bodyBytes ?? 0;
  const close = opensEach ? 'Connection: close\r\n' : '';
  const head = `${bodyBytes > 0 ? 'POST' : 'GET'} ${target.pathname} HTTP/1.1\r\nHost: ${target.host}\r\n${fields}${close}`;
  if (bodyBytes === 0) return `${head}\r\n`;
  const body = `{"pad":"${'x'.repeat(bodyBytes - 10)}"}`;
  return `${head}Content-Type: application/json\r\nContent-Length: ${bodyBytes}\r\n\r\n${body}`;
}

/** One connection after the other, with at most one request under way. */
class Wire {
  private socket: Socket | null = null;
  private startedMs = 0;
  private waiting = false;
  private readonly answer = new AnswerCounter();
  private session: Buffer | null = null;
  private isFirst = true;

  constructor() {
    this.renew();
  }

  /** @returns since when a request is under way, if one is */
  stop(): number[] {
    const since = this.waiting ? [this.startedMs] : [];
    this.waiting = false;
    return since;
  }

  send(startedMs: number): void {
    this.startedMs = startedMs;
    this.waiting = true;
    this.answer.reset();
    if (opensEach) this.open((socket) => socket.write(nextBytes()));
    else this.socket?.write(nextBytes());
  }

  /** Ready for a request: at once where each one opens its connection, else when there is one. */
  private renew(): void {
    if (opensEach) this.free();
    else this.open(() => this.free());
  }

  private open(onOpen: (socket: Socket) => void): void {
    const where = { host: target.hostname, port: Number(target.port) };
    const isTls = target.protocol === 'https:';
    const socket = isTls ? this.openTls(where) : connect({ ...where, noDelay: true });
    this.socket = socket;
    socket.once(isTls ? 'secureConnect' : 'connect', () => onOpen(socket));
    socket.on('data', (bytes: Buffer) => this.onData(socket, bytes));
    socket.on('error', () => {});
    socket.on('close', () => this.onClose(socket));
  }

  private openTls(where: { host: string; port: number }): TLSSocket {
    const taken = plan.resumes === true ? this.session : null;
    const session = taken === null ? {} : { session: taken };
    const socket = connectTls({ ...where, ...CLIENT, ...session, rejectUnauthorized: false });
    if (plan.resumes === true) {
      const isFirst = this.isFirst;
      this.isFirst = false;
      socket.on('session', (ticket: Buffer) => (this.session = ticket));
      socket.once('secureConnect', () => {
        if (!isFirst && !socket.isSessionReused()) errors += 1;
      });
    }
    return socket;
  }

  /** A connection that was given up may close as it likes; one that is in use is an error. */
  private onClose(socket: Socket): void {
    if (stopped || this.socket !== socket) return;
    this.socket = null;
    if (this.waiting) errors += 1;
    this.waiting = false;
    const at = idle.indexOf(this);
    if (at >= 0) idle.splice(at, 1);
    setTimeout(() => this.renew(), RECONNECT_MS);
  }

  private onData(socket: Socket, bytes: Buffer): void {
    if (!this.waiting || this.socket !== socket || !this.answer.push(bytes)) return;
    requests += 1;
    note(this.startedMs);
    if (!this.answer.isSuccess) errors += 1;
    this.waiting = false;
    if (!opensEach && !this.answer.closes) {
      this.free();
      return;
    }
    this.socket = null;
    socket.destroy();
    this.renew();
  }

  private free(): void {
    if (stopped) return;
    const due = isOpen ? dueMs.shift() : monotonicMs();
    if (due === undefined) idle.push(this);
    else this.send(due);
  }
}

/** Takes down how long ago something began, unless that was too early. */
function note(sinceMs: number): void {
  if (sinceMs >= startMs + WARM_MS) latenciesMs.push(monotonicMs() - sinceMs);
}

function pace(): NodeJS.Timeout {
  let issued = 0;
  return setInterval(() => {
    const due = Math.floor(((monotonicMs() - startMs) * perSecond) / 1_000);
    for (; issued < due; issued += 1) {
      const momentMs = startMs + (issued * 1_000) / perSecond;
      const wire = idle.pop();
      if (wire === undefined) dueMs.push(momentMs);
      else wire.send(momentMs);
    }
  }, 1);
}

function quantile(share: number): number {
  return latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(latenciesMs.length * share))] ?? 0;
}

const startMs = monotonicMs();
const wires = Array.from({ length: plan.connections }, () => new Wire());
const timer = isOpen ? pace() : null;
setTimeout(() => {
  stopped = true;
  if (timer !== null) clearInterval(timer);
  // What is due or under way at the end has waited at least this long: left out, it would flatter the slow.
  for (const sinceMs of [...dueMs, ...wires.flatMap((wire) => wire.stop())]) note(sinceMs);
  latenciesMs.sort((left, right) => left - right);
  const figures = {
    requests,
    seconds: (monotonicMs() - startMs) / 1_000,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    p999Ms: quantile(0.999),
    errors,
  };
  process.stdout.write(`figures ${JSON.stringify(figures)}\n`, () => process.exit(0));
}, seconds * 1_000);
