import type { Io } from '../../src/cli/io.ts';
import { runCli } from '../../src/cli/run-cli.ts';

/** What one command line did. */
export interface Ran {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
  /** Questions that were asked, in order. */
  readonly asked: readonly string[];
}

export interface World {
  readonly env?: Readonly<Record<string, string>>;
  /** Makes it a terminal: what the user types at each question. */
  readonly answers?: readonly (string | null)[];
  readonly signal?: AbortSignal;
  readonly tty?: boolean;
  readonly rows?: number;
  /** Called with everything printed so far, after each write to stdout. */
  readonly onOut?: (out: string) => void;
}

/** A world for one command line whose output is kept. */
export function fakeIo(world: World = {}): { io: Io; ran: { out: string; err: string; asked: string[] } } {
  const ran = { out: '', err: '', asked: [] as string[] };
  const answers = [...(world.answers ?? [])];
  const isTTY = world.tty ?? world.answers !== undefined;
  const size = { isTTY, columns: 120, rows: world.rows ?? 60 };
  const ask = async (question: string): Promise<string | null> => {
    ran.asked.push(question);
    return answers.shift() ?? null;
  };
  const io: Io = {
    out: {
      ...size,
      write(text) {
        ran.out += text;
        world.onOut?.(ran.out);
      },
    },
    err: {
      ...size,
      write(text) {
        ran.err += text;
      },
    },
    env: world.env ?? {},
    signal: world.signal ?? new AbortController().signal,
    who: 'ada',
    ask: world.answers === undefined ? null : ask,
  };
  return { io, ran };
}

/** Runs a command line in this process, in a world of its own. */
export async function cli(argv: readonly string[], world: World = {}): Promise<Ran> {
  const { io, ran } = fakeIo(world);
  const exitCode = await runCli(argv, io);
  return { exitCode, ...ran };
}
