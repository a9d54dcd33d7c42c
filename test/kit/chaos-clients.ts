import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { monotonicMs } from '../../src/core/clock.ts';

/** Where a client goes away. */
export const ABORT_STAGES = ['in-head', 'in-body', 'waiting', 'in-answer', 'between-pipelined'] as const;
export type AbortStage = (typeof ABORT_STAGES)[number];

/** What a slow client does slowly. */
export const SLOW_KINDS = ['head', 'body', 'head-and-body', 'reading'] as const;
export type SlowKind = (typeof SLOW_KINDS)[number];

/** A path whose answer is large, so that it does not fit into the kernel's buffers when it is asked for often. */
export const LARGE = '/large';

const GET = `GET ${LARGE} HTTP/1.1\r\nHost: chaos\r\n\r\n`;
const POST = 'POST /upload HTTP/1.1\r\nHost: chaos\r\nContent-Length: 100000\r\n\r\n';
/** More answers of 1 MiB than any kernel keeps for a client that reads nothing. */
const PIPELINED = 40;

function open(url: string): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  socket.on('error', () => {});
  return socket;
}

const BYTES: Readonly<Record<AbortStage, string>> = {
  'in-head': 'GET / HTTP/1.1\r\nHost: cha',
  'in-body': `${POST}abc`,
  waiting: GET,
  'in-answer': GET,
  'between-pipelined': `${GET}${GET}GET /`,
};

/** A client that goes away at a stage, with a reset or politely. Resolves when its socket is closed. */
export function abortAt(url: string, stage: AbortStage, withReset: boolean): Promise<void> {
  const socket = open(url);
  const leave = (): unknown => (withReset ? socket.resetAndDestroy() : socket.destroy());
  socket.once('connect', () => {
    socket.write(BYTES[stage], () => {
      if (stage === 'in-answer' || stage === 'between-pipelined') return;
      setTimeout(leave, 2);
    });
  });
  socket.once('data', leave);
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/** A slow client that is under way. */
export interface SlowClient {
  /** Milliseconds until the other side ended the connection. */
  readonly cut: Promise<number>;
  readonly stop: () => void;
}

/** When a client that is slow in both ends its head: right before it has no time left for it. */
const HEAD_MS = 8_500;

/** What it sends at first, and how it begins its body after a slow head. */
const FIRST: Readonly<Record<SlowKind, string>> = {
  head: 'GET / HTTP/1.1\r\nX-Slow: ',
  body: POST,
  'head-and-body': 'POST /upload HTTP/1.1\r\nHost: chaos\r\nX-Slow: ',
  reading: GET.repeat(PIPELINED),
};
const END_OF_HEAD = '\r\nContent-Length: 100000\r\n\r\n';

/** A client that sends its head, its body or both byte by byte, or reads nothing of many large answers. */
export function slowClient(url: string, kind: SlowKind, intervalMs = 1_000): SlowClient {
  const socket = open(url);
  let sinceMs = monotonicMs();
  let drip: NodeJS.Timeout | null = null;
  socket.once('connect', () => {
    sinceMs = monotonicMs();
    if (kind === 'reading') socket.pause();
    socket.write(FIRST[kind]);
    if (kind === 'head-and-body') setTimeout(() => socket.write(END_OF_HEAD), HEAD_MS).unref();
    // Someone who reads nothing notices the end by writing.
    drip = setInterval(() => socket.write(kind === 'reading' ? '\r\n' : 'a'), intervalMs);
  });
  if (kind !== 'reading') socket.resume();
  const cut = new Promise<number>((resolve) => {
    socket.once('close', () => {
      if (drip !== null) clearInterval(drip);
      resolve(monotonicMs() - sinceMs);
    });
  });
  return { cut, stop: () => socket.destroy() };
}
