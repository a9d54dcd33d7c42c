import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { monotonicMs } from '../src/core/clock.ts';
import { AnswerCounter } from './answer-counter.ts';

/**
 * Asks for more than a server can give: `node flood-client.ts JSON`. Requests are due at fixed moments and leave then,
 * each on a connection that is free; where none is, the request is not made and counted as held back. Served and
 * refused (503) are told apart, and latency is that of the served alone. Prints one line of figures.
 */
interface Job {
  readonly url: string;
  readonly connections: number;
  readonly perSecond: number;
  readonly seconds: number;
  /** Not counted: the worker finds its balance meanwhile. */
  readonly warmSeconds: number;
}

const { url, connections, perSecond, seconds, warmSeconds } = JSON.parse(process.argv[2] ?? '{}') as Job;
const target = new URL(url);
const REQUEST = `GET ${target.pathname} HTTP/1.1\r\nHost: ${target.host}\r\n\r\n`;
const REFUSED = Buffer.from('x-cutover-error: overloaded');
const BUSY = Buffer.from('x-cutover-error: upstream_busy');

const servedMs: number[] = [];
const counts = { sent: 0, served: 0, refused: 0, busy: 0, heldBack: 0, errors: 0 };
/** Used longest ago first; what stands before `next` was taken. */
let free: Wire[] = [];
let next = 0;
let isCounting = false;
let hasBegun = false;
let opened = 0;
/** Longest wait for all connections to be accepted. */
const OPEN_MS = 20_000;

/** One connection, with at most one request under way. */
class Wire {
  private readonly socket: Socket;
  private readonly answer = new AnswerCounter();
  private sentMs = 0;
  private isWaiting = false;
  private isOpened = false;

  constructor() {
    this.socket = connect({ host: target.hostname, port: Number(target.port), noDelay: true });
    // Node accepts one connection a turn of its loop: one that was answered was accepted.
    this.socket.on('connect', () => this.send());
    this.socket.on('data', (bytes: Buffer) => this.onData(bytes));
    this.socket.on('error', () => {});
    this.socket.on('close', () => this.onClose());
  }

  send(): void {
    this.sentMs = monotonicMs();
    this.isWaiting = true;
    this.answer.reset();
    this.socket.write(REQUEST);
    if (isCounting) counts.sent += 1;
  }

  private onData(bytes: Buffer): void {
    if (!this.isWaiting) return;
    if (!this.answer.push(bytes)) return;
    this.isWaiting = false;
    free.push(this);
    opened += this.isOpened ? 0 : 1;
    this.isOpened = true;
    if (!hasBegun && opened === connections) begin();
    if (!isCounting) return;
    if (this.answer.isSuccess) {
      counts.served += 1;
      servedMs.push(monotonicMs() - this.sentMs);
    } else if (bytes.includes(REFUSED)) counts.refused += 1;
    else if (bytes.includes(BUSY)) counts.busy += 1;
    else counts.errors += 1;
  }

  private onClose(): void {
    if (isCounting) counts.errors += 1;
    free = free.slice(next).filter((wire) => wire !== this);
    next = 0;
  }
}

/** The one that was used longest ago: all of them are in use, as those of many clients are. */
function take(): Wire | undefined {
  const wire = free[next];
  if (wire !== undefined) next += 1;
  if (next > connections) {
    free = free.slice(next);
    next = 0;
  }
  return wire;
}

/** Starts the clock: what is asked for before it only opens the connections. */
function begin(): void {
  hasBegun = true;
  const startMs = monotonicMs();
  let issued = 0;
  setInterval(() => {
    const due = Math.floor(((monotonicMs() - startMs) * perSecond) / 1_000);
    for (; issued < due; issued += 1) {
      const wire = take();
      if (wire !== undefined) wire.send();
      else if (isCounting) counts.heldBack += 1;
    }
  }, 1);
  setTimeout(() => (isCounting = true), warmSeconds * 1_000);
  setTimeout(finish, (warmSeconds + seconds) * 1_000);
}

function finish(): void {
  servedMs.sort((left, right) => left - right);
  const quantile = (share: number) =>
    servedMs[Math.min(servedMs.length - 1, Math.floor(servedMs.length * share))] ?? 0;
  const { user, system } = process.cpuUsage();
  const cpuSeconds = (user + system) / 1e6;
  const figures = { ...counts, seconds, p50Ms: quantile(0.5), p99Ms: quantile(0.99), cpuSeconds };
  process.stdout.write(`figures ${JSON.stringify(figures)}\n`, () => process.exit(0));
}

Array.from({ length: connections }, () => new Wire());
setTimeout(() => {
  if (!hasBegun) begin();
}, OPEN_MS);
