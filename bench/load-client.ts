import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
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
const target = new URL(url);
const REQUEST = requestBytes();
const RECONNECT_MS = 10;

const latenciesMs: number[] = [];
let errors = 0;
let stopped = false;
/** Moments at which requests were due and no connection was free. */
const dueMs: number[] = [];
const idle: Wire[] = [];

function requestBytes(): string {
  const bodyBytes = plan.bodyBytes ?? 0;
  const close = plan.newConnections === true ? 'Connection: close\r\n' : '';
  const head = `${bodyBytes > 0 ? 'POST' : 'GET'} ${target.pathname} HTTP/1.1\r\nHost: ${target.host}\r\n${close}`;
  if (bodyBytes === 0) return `${head}\r\n`;
  const body = `{"pad":"${'x'.repeat(bodyBytes - 10)}"}`;
  return `${head}Content-Type: application/json\r\nContent-Length: ${bodyBytes}\r\n\r\n${body}`;
}

/** One connection with at most one request under way; the next one begins when it is closed. */
class Wire {
  private socket: Socket | null = null;
  private startedMs = 0;
  private waiting = false;
  private readonly answer = new AnswerCounter();

  constructor() {
    if (plan.newConnections === true) this.free();
    else this.open(() => this.free());
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
    if (this.socket !== null) this.socket.write(REQUEST);
    else this.open((socket) => socket.write(REQUEST));
  }

  private open(onOpen: (socket: Socket) => void): void {
    const where = { host: target.hostname, port: Number(target.port) };
    const isTls = target.protocol === 'https:';
    const socket = isTls
      ? connectTls({ ...where, rejectUnauthorized: false })
      : connect({ ...where, noDelay: true });
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      this.socket = socket;
      onOpen(socket);
    });
    socket.on('data', (bytes: Buffer) => this.onData(bytes));
    socket.on('error', () => {});
    socket.on('close', () => this.onClose(socket));
  }

  /** After a complete answer nothing waits here; anything else is an error. */
  private onClose(socket: Socket): void {
    if (stopped || (this.socket !== null && this.socket !== socket)) return;
    this.socket = null;
    if (plan.newConnections === true && !this.waiting) return;
    if (this.waiting) errors += 1;
    this.waiting = false;
    const at = idle.indexOf(this);
    if (at >= 0) idle.splice(at, 1);
    setTimeout(() => {
      if (plan.newConnections === true) this.free();
      else this.open(() => this.free());
    }, RECONNECT_MS);
  }

  private onData(bytes: Buffer): void {
    if (!this.waiting || !this.answer.push(bytes)) return;
    latenciesMs.push(monotonicMs() - this.startedMs);
    if (!this.answer.isSuccess) errors += 1;
    this.waiting = false;
    if (plan.newConnections === true) {
      const { socket } = this;
      this.socket = null;
      socket?.destroy();
    }
    this.free();
  }

  private free(): void {
    if (stopped) return;
    const due = isOpen ? dueMs.shift() : monotonicMs();
    if (due === undefined) idle.push(this);
    else this.send(due);
  }
}

function pace(startMs: number): NodeJS.Timeout {
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
const timer = isOpen ? pace(startMs) : null;
setTimeout(() => {
  stopped = true;
  if (timer !== null) clearInterval(timer);
  const requests = latenciesMs.length;
  // What is due or under way at the end has waited at least this long: left out, it would flatter the slow.
  for (const dueSince of [...dueMs, ...wires.flatMap((wire) => wire.stop())])
    latenciesMs.push(monotonicMs() - dueSince);
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
