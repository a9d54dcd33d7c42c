import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { wallMs } from '../../core/clock.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Indexer } from './indexer.ts';
import { alertOf, eventOf } from './records.ts';
import type { RuleSet } from './rules.ts';

export interface ShipperOptions {
  /** The file that the gateway writes; it need not be there yet. */
  readonly file: string;
  readonly indexer: Indexer;
  /** Rules of Wazuh 4; null: Wazuh 5, whose events need none. */
  readonly rules: RuleSet | null;
}

/** What became of the lines. */
export interface Shipped {
  readonly lines: number;
  readonly records: number;
}

/** Agent, manager and Filebeat in one: what is appended to a file becomes records of an indexer. */
export class Shipper {
  private readonly options: ShipperOptions;
  private readonly ended = new AbortController();
  private readonly loop: Promise<void>;
  private offset = 0;
  private inode = 0;
  private rest = '';
  private readonly decoder = new TextDecoder();
  /** Nothing is shipped while it is true: the lines are shipped later. */
  paused = false;
  shipped: Shipped = { lines: 0, records: 0 };

  constructor(options: ShipperOptions) {
    this.options = options;
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.ended.abort();
    await this.loop;
  }

  private async run(): Promise<void> {
    const { signal } = this.ended;
    while (!signal.aborted) {
      if (!this.paused) await this.ship();
      await sleep(LIMITS.rehearsalShipMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private async ship(): Promise<void> {
    const handle = await open(this.options.file).catch(() => null);
    if (handle === null) return;
    try {
      const { size, ino } = await handle.stat();
      // Renamed and made anew, or cut.
      if (ino !== this.inode || size < this.offset) this.offset = 0;
      this.inode = ino;
      const buffer = Buffer.alloc(Math.min(size - this.offset, LIMITS.rehearsalSearchBytes));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, this.offset);
      this.offset += bytesRead;
      const text = this.decoder.decode(buffer.subarray(0, bytesRead), { stream: true });
      const lines = (this.rest + text).split('\n');
      this.rest = lines.pop() ?? '';
      for (const line of lines) this.take(line);
    } finally {
      await handle.close();
    }
  }

  private take(line: string): void {
    const { indexer, rules } = this.options;
    const made = rules === null ? eventOf(line, wallMs()) : alertOf(line, rules, wallMs());
    if (made !== null) indexer.records.add(made.index, made.record);
    const { lines, records } = this.shipped;
    this.shipped = { lines: lines + 1, records: records + (made === null ? 0 : 1) };
  }
}
