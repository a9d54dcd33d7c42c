import { writeSync } from 'node:fs';
import { wallMs } from '../core/clock.ts';
import { messageOf, systemCode } from '../core/errors.ts';
import { incarnation } from '../core/ids.ts';
import { LIMITS } from '../core/limits.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { TicketKeys } from '../core/ticket-keys.ts';
import type { Gateway, GatewayOptions } from '../gateway/types.ts';
import { isKillSwitchOn, isKillSwitchOnSync } from './kill-switch.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { processStart } from './process-identity.ts';
import { removeWorkerRecord, writeWorkerRecord } from './run-dir.ts';

type Start = Extract<ToWorker, { type: 'start' }>;

/** What a worker is once it was started. */
interface Running {
  readonly gateway: Gateway;
  readonly runDir: string;
  snapshot: Snapshot;
  draining: boolean;
}

let running: Running | null = null;
let name = `worker ${process.pid}`;
let unsent = 0;

/**
 * Makes this process a worker: it obeys the supervisor's messages, reports once a second, and serves on with
 * its last snapshot when the supervisor is gone, until a SIGTERM drains it.
 */
export function runWorker(create: (options: GatewayOptions) => Gateway): void {
  surviveDeadStreams();
  process.on('uncaughtException', (error) => die('uncaught exception', error));
  process.on('unhandledRejection', (error) => die('unhandled rejection', error));
  process.on('SIGTERM', () => void drain(running?.snapshot.config.timeouts.drainMs ?? 0));
  process.on('SIGUSR2', () => void followKillSwitch());
  // Ctrl-C and a closed terminal reach the whole process group: the supervisor decides what they mean.
  process.on('SIGINT', () => {});
  process.on('SIGHUP', () => {});
  process.on('exit', () => {
    if (running !== null) removeWorkerRecord(running.runDir, process.pid);
  });
  process.on('message', (message: ToWorker) => obey(message, create));
  process.on('disconnect', onSupervisorGone);
  send({ type: 'ready' });
}

function obey(message: ToWorker, create: (options: GatewayOptions) => Gateway): void {
  switch (message.type) {
    case 'start':
      void start(message, create);
      break;
    case 'snapshot':
      apply(message.snapshot);
      break;
    case 'ticket_keys':
      useTicketKeys(message.keys);
      break;
    case 'report':
      report();
      break;
    case 'drain':
      void drain(message.deadlineMs);
      break;
  }
}

async function start(message: Start, create: (options: GatewayOptions) => Gateway): Promise<void> {
  name = `worker ${message.slot} (${process.pid})`;
  try {
    const { snapshot, slot, workers, runDir, ticketKeys } = message;
    const gateway = create({ snapshot, slot, workers, ticketKeys, log });
    running = { gateway, runDir, snapshot, draining: false };
    gateway.setLocalBypass(isKillSwitchOnSync(runDir));
    list(runDir, message.ports);
    const ports = await gateway.listen(message.ports, message.reusePort, message.beside);
    list(runDir, ports);
    send({ type: 'listening', ports });
    send({ type: 'acknowledged', revision: running.snapshot.revision });
    setInterval(report, LIMITS.deltaIntervalMs);
    pollKillSwitch();
  } catch (error) {
    const code = systemCode(error);
    send({ type: 'failed', code, message: messageOf(error) }, () => process.exit(1));
    if (!process.connected) process.exit(1);
  }
}

/** A snapshot that cannot be applied is not acknowledged, and the old one stays. */
function apply(snapshot: Snapshot): void {
  if (running === null) return;
  try {
    running.gateway.apply(snapshot);
    running.snapshot = snapshot;
  } catch (error) {
    log('error', `snapshot ${snapshot.revision} was refused: ${messageOf(error)}`);
    return;
  }
  send({ type: 'acknowledged', revision: snapshot.revision });
}

/** Without them sessions are resumed by the keys before. */
function useTicketKeys(keys: TicketKeys): void {
  try {
    running?.gateway.useTicketKeys(keys);
  } catch (error) {
    log('error', `new keys for session tickets were refused: ${messageOf(error)}`);
  }
}

/** Lets exchanges finish and ends the process; cut off hard a while after the deadline. */
async function drain(deadlineMs: number): Promise<void> {
  if (running === null) process.exit(0);
  if (running.draining) return;
  running.draining = true;
  setTimeout(() => process.exit(0), deadlineMs + LIMITS.drainGraceMs / 2).unref();
  const { gateway } = running;
  const cut = await gateway.drain(deadlineMs);
  report();
  await gateway.close();
  if (!process.connected) process.exit(0);
  send({ type: 'drained', cut }, () => process.exit(0));
}

/** Says what happened since the last time; counts stay in the gateway while the supervisor does not listen. */
function report(): void {
  if (running === null || (process.connected && unsent >= LIMITS.deltasUnsent)) return;
  for (const delta of running.gateway.collect()) send({ type: 'delta', delta });
}

function pollKillSwitch(): void {
  setTimeout(() => void followKillSwitch().then(pollKillSwitch), LIMITS.killSwitchPollMs);
}

async function followKillSwitch(): Promise<void> {
  if (running === null) return;
  const on = await isKillSwitchOn(running.runDir);
  if (on !== null) running.gateway.setLocalBypass(on);
}

function onSupervisorGone(): void {
  if (running === null) process.exit(0);
  if (running.draining) return;
  log('warn', `the supervisor is gone; serving on with snapshot ${running.snapshot.revision}`);
}

/** A full disk must not keep a worker from serving; it then hears the kill switch by polling only. */
function list(runDir: string, ports: readonly number[]): void {
  try {
    const started = processStart(process.pid) ?? '';
    writeWorkerRecord(runDir, { pid: process.pid, started, incarnation, supervisorPid: process.ppid, ports });
  } catch (error) {
    log('warn', `could not be listed in ${runDir}: ${messageOf(error)}`);
  }
}

function send(message: FromWorker, then: () => void = () => {}): void {
  if (process.send === undefined || !process.connected) return;
  unsent += 1;
  process.send(message, undefined, {}, () => {
    unsent -= 1;
    then();
  });
}

/** The reader of the log may be gone while clients are not: a write that fails is no reason to die. */
function surviveDeadStreams(): void {
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
}

function log(level: 'info' | 'warn' | 'error', message: string): void {
  process.stderr.write(line(level, message));
}

function line(level: string, message: string): string {
  return `${new Date(wallMs()).toISOString()} ${level} ${name}: ${message}\n`;
}

function die(what: string, error: unknown): never {
  try {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    writeSync(2, line('error', `${what}: ${detail.replaceAll('\n', ' | ')}`));
  } catch {
    // Nobody reads the log; the exit code still tells.
  }
  process.exit(1);
}
