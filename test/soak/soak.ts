import { monotonicMs } from '../../src/core/clock.ts';
import type { RunningGateway } from '../kit/gateway.ts';
import { until } from '../kit/until.ts';
import { sampleOf } from './processes.ts';
import type { SoakSite } from './site.ts';
import { Traffic, USUAL_PACE } from './traffic.ts';
import type { Pace } from './traffic.ts';
import { trendProblems } from './trend.ts';
import type { Sample, TrendBounds } from './trend.ts';

export interface SoakOptions {
  readonly durationMs: number;
  /** Heaps, pools and caches fill; nothing of it is judged. */
  readonly warmUpMs: number;
  /** Between two lines of output. */
  readonly lineMs: number;
  /** Between two reloads, each with other pools and another epoch. */
  readonly reloadMs: number;
  readonly bounds: TrendBounds;
  readonly pace?: Pace;
  readonly print: (line: string) => void;
}

const SAMPLE_MS = 1_000;
const QUIET_MS = 20_000;

/** Soaks a gateway in mixed traffic. @returns why it failed, empty when it did not */
export async function soak(site: SoakSite, options: SoakOptions): Promise<string[]> {
  const run = new SoakRun(site, options);
  return run.run();
}

class SoakRun {
  private readonly site: SoakSite;
  private readonly options: SoakOptions;
  private readonly traffic: Traffic;
  private readonly samples: Sample[] = [];
  private readonly problems: string[] = [];
  private readonly startedMs = monotonicMs();
  private reloads = 0;

  constructor(site: SoakSite, options: SoakOptions) {
    this.site = site;
    this.options = options;
    this.traffic = new Traffic(site.gateway.url, 1);
  }

  private get elapsedMs(): number {
    return monotonicMs() - this.startedMs;
  }

  async run(): Promise<string[]> {
    const { gateway } = this.site;
    const { durationMs, warmUpMs, lineMs, reloadMs, pace, bounds } = this.options;
    const { supervisor, workers } = gateway.pids();
    const pids = [supervisor, ...workers];
    this.traffic.start(pace ?? USUAL_PACE);
    let nextLineMs = lineMs;
    let nextReloadMs = reloadMs;
    while (this.elapsedMs < durationMs) {
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
      this.samples.push(sampleOf(pids));
      if (this.elapsedMs >= nextReloadMs) {
        nextReloadMs += reloadMs;
        await this.reload(gateway);
      }
      if (this.elapsedMs >= nextLineMs) {
        nextLineMs += lineMs;
        await this.line(gateway);
      }
    }
    await this.traffic.stop();
    await this.quiet(gateway);
    if (gateway.pids().workers.join() !== workers.join()) this.problems.push('a worker was replaced');
    const { errorCount, errors } = this.traffic.tally;
    if (errorCount > 0) this.problems.push(`${errorCount} errors of clients: ${errors.join('; ')}`);
    const judged = this.samples.filter((sample) => sample.atMs - this.startedMs >= warmUpMs);
    return [...this.problems, ...trendProblems(judged, bounds)];
  }

  private async reload(gateway: RunningGateway): Promise<void> {
    this.reloads += 1;
    gateway.rewrite({ timeouts: { firstByte: `${30 + (this.reloads % 2)}s` } });
    const { code, stderr } = await gateway.cli(['reload']);
    if (code !== 0) this.problems.push(`reload ended with ${code}: ${stderr}`);
  }

  private async line(gateway: RunningGateway): Promise<void> {
    const { rssBytes, descriptors } = this.samples.at(-1) as Sample;
    const { workers, pairs } = await gateway.status();
    const exchanges = workers.reduce((sum, worker) => sum + worker.exchanges, 0);
    const { answers, aborted, cut, errorCount } = this.traffic.tally;
    this.options.print(
      `${(this.elapsedMs / 60_000).toFixed(1)} min: ${(rssBytes / 2 ** 20).toFixed(1)} MiB resident, ` +
        `${descriptors} descriptors, ${exchanges} exchanges, ${answers} answers, ${aborted} aborted, ` +
        `${cut} slow cut, ${pairs.shadow.accounting.sent} copies, ${this.reloads} reloads, ${errorCount} errors`,
    );
  }

  /** Without clients nothing is left of them. */
  private async quiet(gateway: RunningGateway): Promise<void> {
    const isQuiet = async (): Promise<boolean> => {
      const { workers } = await gateway.status();
      return workers.every((worker) => worker.exchanges === 0 && worker.connections === 0);
    };
    await until(isQuiet, 'no connections and no exchanges', QUIET_MS).catch((error: unknown) => {
      this.problems.push(String(error));
    });
  }
}
