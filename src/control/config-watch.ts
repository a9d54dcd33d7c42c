import { stat } from 'node:fs/promises';
import { relative, dirname } from 'node:path';
import { LIMITS } from '../core/limits.ts';

export interface ConfigWatchOptions {
  /** Absolute path of the configuration. */
  readonly configFile: string;
  /** Every file that it is made of at this moment, by absolute path; asked at the start and after each change. */
  readonly files: () => readonly string[];
  /** Something changed and has been still since. @param what names of the files, for the history */
  readonly onChange: (what: string) => Promise<void>;
  readonly intervalMs?: number;
}

type Marks = ReadonlyMap<string, string>;

/**
 * Looks at the files of a configuration. It asks for their state instead of being told by the kernel: that sees a file
 * that was renamed into place, a symbolic link that was swapped (`..data` of a Kubernetes ConfigMap) and a network
 * file system alike. What changed is reported when two looks in a row find the same and every file is there.
 */
export class ConfigWatch {
  private readonly options: ConfigWatchOptions;
  private readonly stopped = new AbortController();
  private seen: Marks = new Map();
  private taken: Marks = new Map();
  private timer: NodeJS.Timeout | null = null;

  private constructor(options: ConfigWatchOptions) {
    this.options = options;
  }

  /** What stands there now counts as known. */
  static async start(options: ConfigWatchOptions): Promise<ConfigWatch> {
    const watch = new ConfigWatch(options);
    watch.taken = await watch.marks();
    watch.seen = watch.taken;
    watch.wait();
    return watch;
  }

  stop(): void {
    this.stopped.abort();
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private wait(): void {
    if (this.stopped.signal.aborted) return;
    this.timer = setTimeout(() => void this.look(), this.options.intervalMs ?? LIMITS.configWatchMs);
    this.timer.unref();
  }

  private async look(): Promise<void> {
    try {
      const marks = await this.marks([...this.taken.keys()]);
      const still = differing(marks, this.seen).length === 0;
      const changed = differing(marks, this.taken);
      this.seen = marks;
      if (still && changed.length > 0 && isThere(marks, this.options.configFile)) {
        await this.report(marks, changed);
      }
    } finally {
      this.wait();
    }
  }

  private async report(marks: Marks, changed: readonly string[]): Promise<void> {
    const folder = dirname(this.options.configFile);
    // Known before it is read: what changes meanwhile is a change again.
    this.taken = marks;
    await this.options.onChange(changed.map((file) => relative(folder, file)).join(', '));
    const added = [...(await this.marks())].filter(([file]) => !marks.has(file));
    this.taken = new Map([...marks, ...added]);
    this.seen = new Map([...this.seen, ...added]);
  }

  private async marks(files: readonly string[] = this.options.files()): Promise<Marks> {
    const all = [...new Set([this.options.configFile, ...files])];
    return new Map(
      await Promise.all(all.map(async (file): Promise<[string, string]> => [file, await markOf(file)])),
    );
  }
}

const ABSENT = 'absent';

/** Of the file that a link leads to. */
async function markOf(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch {
    return ABSENT;
  }
}

function isThere(marks: Marks, file: string): boolean {
  return marks.get(file) !== ABSENT;
}

function differing(marks: Marks, before: Marks): string[] {
  return [...marks].filter(([file, mark]) => before.get(file) !== mark).map(([file]) => file);
}
