import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { monotonicMs } from '../src/core/clock.ts';

/**
 * The bench's own load: `node load-client.ts URL CONNECTIONS SECONDS PER_SECOND`. PER_SECOND 0 is a closed loop,
 * anything else an open one: requests are due at fixed moments whatever the answers do, and latency counts from
 * there, so that a stall is not hidden by the client that waited for it. Prints one JSON object.
 */
const [url = '', connectionsText, secondsText, perSecondText] = process.argv.slice(2);
const connections = Number(connectionsText);
const seconds = Number(secondsText);
const perSecond = Number(perSecondText);
const target = new URL(url);
const REQUEST = Buffer.from(`GET ${target.pathname} HTTP/1.1\r\nHost: ${target.host}\r\n\r\n`);
const RECONNECT_MS = 10;

const latenciesMs: number[] = [];
let errors = 0;
let stopped = false;
/** Moments at which requests were due and no connection was free. */
const dueMs: number[] = [];
const idle: Wire[] = [];

/** One connection with at most one request under way. */
class Wire {
  private socket: Socket | null = null;
  private startedMs = 0;
  private waiting = false;
  private received = Buffer.alloc(0);
  private needed = -1;

  constructor() {
    this.open();
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
    this.needed = -1;
    this.received = Buffer.alloc(0);
    this.socket?.write(REQUEST);
  }

  private open(): void {
    const socket = connect({ host: target.hostname, port: Number(target.port), noDelay: true });
    this.socket = socket;
    socket.on('connect', () => this.free());
    socket.on('data', (bytes: Buffer) => this.onData(bytes));
    socket.on('error', () => {});
    socket.on('close', () => this.onClose());
  }

  private onClose(): void {
    if (stopped) return;
    if (this.waiting) errors += 1;
    this.waiting = false;
    const at = idle.indexOf(this);
    if (at >= 0) idle.splice(at, 1);
    setTimeout(() => this.open(), RECONNECT_MS);
  }

  private onData(bytes: Buffer): void {
    if (!this.waiting) return;
    this.received = this.received.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.received, bytes]);
    if (this.needed < 0) this.needed = messageBytes(this.received);
    const chunkedEnd =
      this.needed === Number.POSITIVE_INFINITY && this.received.subarray(-7).includes('\r\n0\r\n\r\n');
    if (this.needed < 0 || (this.received.length < this.needed && !chunkedEnd)) return;
    latenciesMs.push(monotonicMs() - this.startedMs);
    if (this.received[9] !== 0x32) errors += 1;
    this.waiting = false;
    this.free();
  }

  private free(): void {
    if (stopped) return;
    const due = perSecond === 0 ? monotonicMs() : dueMs.shift();
    if (due === undefined) idle.push(this);
    else this.send(due);
  }
}

/** Bytes of head and body; infinite for a chunked body, -1 while the head is not complete. */
function messageBytes(received: Buffer): number {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return -1;
  const length = /content-length: *(\d+)/i.exec(received.toString('latin1', 0, end));
  return length === null ? Number.POSITIVE_INFINITY : end + 4 + Number(length[1]);
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
  return latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(latenciesMs.length * share))] ?? Number.NaN;
}

const startMs = monotonicMs();
const wires = Array.from({ length: connections }, () => new Wire());
const timer = perSecond === 0 ? null : pace(startMs);
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
    errors,
  };
  process.stdout.write(JSON.stringify(figures), () => process.exit(0));
}, seconds * 1_000);
