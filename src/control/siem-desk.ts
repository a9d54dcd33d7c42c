import { hostname } from 'node:os';
import type { NodeConfig, SiemConfig } from '../config/plan.ts';
import type { StampedEvent } from '../core/events.ts';
import { wallMs } from '../core/clock.ts';
import { sha256Hex } from '../core/hash.ts';
import type { SiemReading } from '../rollout/gates/siem.ts';
import type { RolloutPlan, RolloutState } from '../rollout/state.ts';
import { lineOf } from '../siem/event-line.ts';
import { EventWriter } from '../siem/event-writer.ts';
import { happeningLine } from '../siem/happening-lines.ts';
import { LineFile } from '../siem/line-file.ts';
import { windowLines } from '../siem/window-lines.ts';
import type { ExposedSiem } from '../telemetry/exposition.ts';
import type { Window } from '../telemetry/types.ts';
import { SiemPoller } from './siem-poller.ts';

export interface SiemDeskOptions {
  readonly siem: SiemConfig;
  /** See {@link siemNodeName}. */
  readonly node: string;
  readonly build: string;
  readonly state: () => RolloutState;
  readonly plan: () => RolloutPlan;
  /** Follows the events of this gateway until the function that it gives is called. */
  readonly subscribe: (listener: (event: StampedEvent) => void) => () => void;
  /** Takes what the SIEM said. */
  readonly hear: (readings: readonly SiemReading[]) => void;
  readonly log: (level: 'info' | 'warn', message: string) => void;
}

/** A gateway's name in its lines: two of them on one machine are told apart, and a restart is no other one. */
export function siemNodeName({ runDir }: Pick<NodeConfig, 'runDir'>): string {
  return `${hostname()}-${sha256Hex(runDir).slice(0, 8)}`;
}

/** What the acting supervisor has to do with a SIEM: it is told of windows and events, and asked for its alerts. */
export class SiemDesk {
  private readonly options: SiemDeskOptions;
  private readonly writer: EventWriter | null;
  private readonly poller: SiemPoller | null;
  private readonly unsubscribe: () => void;
  private readonly timer: NodeJS.Timeout | null;
  /** What was not written when another process had the epoch is lost, and nobody knows how much that was. */
  private readonly sinceMs = wallMs();
  private beat = 0;

  constructor(options: SiemDeskOptions) {
    const { siem, node, log, subscribe } = options;
    this.options = options;
    const file = siem.events === null ? null : new LineFile(siem.events);
    const append = async (text: string) => await file?.append(text);
    this.writer = file === null ? null : new EventWriter({ node, append, nowMs: wallMs, log });
    this.unsubscribe = subscribe(({ event }) => {
      const line = happeningLine(event);
      if (line !== null) this.writer?.write(line);
    });
    this.heartbeat();
    this.timer = siem.events === null ? null : setInterval(() => this.heartbeat(), siem.events.heartbeatMs);
    this.poller = this.openPoller();
  }

  /** What was told and answered so far. */
  get counts(): ExposedSiem {
    const { writer, poller } = this;
    const lines = writer === null ? null : { written: writer.written, lost: writer.lost };
    return { lines, answers: poller === null ? null : { ...poller.answers } };
  }

  /** Tells of a complete window. */
  learn(window: Window): void {
    if (this.writer === null) return;
    const { lines, left } = windowLines(window, this.options.state().phase);
    for (const line of lines) this.writer.write(line);
    this.writer.lose(left);
  }

  /** Asks no more, and writes what there is. */
  async close(): Promise<void> {
    this.unsubscribe();
    if (this.timer !== null) clearInterval(this.timer);
    await this.poller?.close();
    await this.writer?.close();
  }

  private heartbeat(): void {
    this.beat += 1;
    const { phase, epoch } = this.options.state();
    const { build } = this.options;
    const [beat, lost] = [String(this.beat), String(this.writer?.lost ?? 0)];
    this.writer?.write(lineOf('heartbeat', { beat, build, phase, epoch: String(epoch), lost }));
  }

  private openPoller(): SiemPoller | null {
    const { siem, node, state, plan, hear, log } = this.options;
    const { indexer, events } = siem;
    if (indexer === null || events === null) return null;
    const lastLostMs = () =>
      this.writer?.lastLostMs ?? (state().epochSinceMs < this.sinceMs ? this.sinceMs : null);
    return new SiemPoller({
      indexer,
      node,
      ours: { heartbeatMs: events.heartbeatMs, nowMs: wallMs, lastLostMs },
      about: () => {
        const regions = plan().regional.steps.map(({ region }) => region);
        return { epoch: state().epoch, regions: [...new Set(regions)] };
      },
      hear,
      log,
    });
  }
}
