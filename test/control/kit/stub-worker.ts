import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { wallMs } from '../../../src/core/clock.ts';
import { incarnation } from '../../../src/core/ids.ts';
import type { Snapshot } from '../../../src/core/snapshot.ts';
import type { Gateway, GatewayOptions } from '../../../src/gateway/types.ts';
import { runWorker } from '../../../src/control/worker-loop.ts';
import type { TelemetryDelta } from '../../../src/telemetry/types.ts';

/** The smallest gateway there is: it says what it runs on, and breaks on request. */
class StubGateway implements Gateway {
  private snapshot: Snapshot;
  private localBypass = false;
  private sequence = 0;
  private rssBytes = 0;
  private loopDelayMs = 0;
  private readonly server: Server;
  private readonly options: GatewayOptions;

  constructor(options: GatewayOptions) {
    this.options = options;
    this.snapshot = options.snapshot;
    if (options.snapshot.config.hash === 'dies at start') process.exit(7);
    if (process.env['CUTOVER_TEST_WORKERS'] === 'die at start') process.exit(7);
    this.server = createServer((request, response) => {
      const url = request.url ?? '';
      if (url === '/throw') setImmediate(() => brokenOnPurpose());
      if (url === '/block') setImmediate(() => blockForever());
      if (url === '/log') this.options.log('info', 'a line that nobody may read');
      if (url === '/grow') this.rssBytes = 2 ** 40;
      if (url === '/late') this.loopDelayMs = 500;
      const answer = JSON.stringify({
        pid: process.pid,
        revision: this.snapshot.revision,
        phase: this.snapshot.rollout.phase,
        bypass: this.localBypass || this.snapshot.rollout.bypass,
        localBypass: this.localBypass,
      });
      response.setHeader('connection', 'close');
      if (url === '/slow') setTimeout(() => response.end(answer), 700);
      else if (url !== '/hang') response.end(answer);
    });
  }

  async listen(ports: readonly number[], reusePort: boolean): Promise<number[]> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ host: '127.0.0.1', port: ports[0] ?? 0, reusePort }, resolve);
    });
    return [(this.server.address() as AddressInfo).port];
  }

  apply(snapshot: Snapshot): void {
    if (snapshot.config.hash === 'cannot be applied') throw new Error('refused on purpose');
    this.snapshot = snapshot;
  }

  useTicketKeys(): void {}

  setLocalBypass(on: boolean): void {
    this.localBypass = on;
  }

  upstreams(): [] {
    return [];
  }

  collect(): TelemetryDelta[] {
    this.sequence += 1;
    const delta: TelemetryDelta = {
      incarnation,
      sequence: this.sequence,
      fromMs: wallMs() - 1_000,
      toMs: wallMs(),
      epoch: this.snapshot.rollout.epoch,
      lanes: [],
      copies: [],
      ineligible: {},
      classes: [],
      edge: {},
      gauges: {
        connections: 0,
        exchanges: 0,
        copiesInFlight: 0,
        copyBytes: 0,
        tunnels: 0,
        diffQueue: 0,
        rssBytes: this.rssBytes,
        loopDelayMs: this.loopDelayMs,
        accessLogDropped: 0,
        refused: { limit: 0, dropped: 0, address: 0 },
        tallies: { copies: [], tunnels: [] },
        states: { idle: 0, head: 0, exchange: 0, closing: 0 },
        upstreams: [],
      },
    };
    return [delta];
  }

  async drain(deadlineMs: number): Promise<number> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeIdleConnections();
    let cut = 0;
    const timer = setTimeout(() => {
      cut = 1;
      this.server.closeAllConnections();
    }, deadlineMs);
    await closed;
    clearTimeout(timer);
    return cut;
  }

  async close(): Promise<void> {}
}

function brokenOnPurpose(): never {
  throw new Error('broken on purpose');
}

function blockForever(): never {
  for (;;);
}

runWorker((options) => new StubGateway(options));
