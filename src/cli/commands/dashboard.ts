import { Feed } from '../../dashboard/feed.ts';
import type { Reads } from '../../dashboard/feed.ts';
import { glyphsFor } from '../../dashboard/glyphs.ts';
import { BOUNDS } from '../../dashboard/bounds.ts';
import { pastOf } from '../../dashboard/happenings.ts';
import { knownAtFirst } from '../../dashboard/known.ts';
import type { Show } from '../../dashboard/show.ts';
import { summaryOf } from '../../dashboard/view-model.ts';
import { wallMs } from '../../core/clock.ts';
import { EXIT } from '../exit-codes.ts';
import { withCommands, withGateway } from '../gateway.ts';
import type { Gateway } from '../gateway.ts';
import type { Io } from '../io.ts';
import type { Options } from '../options.ts';
import { paintFor } from '../paint.ts';
import { placeOf } from '../place.ts';
import type { Place } from '../place.ts';
import { shellWord } from '../shell-word.ts';
import { changeLines, jsonLines, watch } from '../watch.ts';

interface DashboardOptions extends Options {
  /** Lines instead of a screen. */
  readonly plain?: boolean;
}

/** The screen of the rollout, or one line per change where there is no terminal. */
export const dashboard = async (io: Io, options: DashboardOptions): Promise<number> => {
  const place = placeOf(io, options);
  const stop = new AbortController();
  // What is under way ends with the screen, not only with a signal.
  const world = { ...io, signal: AbortSignal.any([io.signal, stop.signal]) };
  const found = place.admin === null ? options : { ...options, admin: place.admin };
  return await withGateway(world, found, async (gateway) => {
    if (!hasScreen(io, options)) return await asLines(io, options, gateway);
    const first = knownAtFirst(found.admin ?? '', await gateway.ask((client) => client.status()), wallMs());
    const feed = new Feed(first, readsOf(world, options, gateway, place), options.intervalMs);
    const reading = feed.run();
    try {
      return await asScreen(world, options, feed);
    } finally {
      feed.stop();
      stop.abort();
      await reading;
    }
  });
};

/**
 * Whether there is a terminal to draw on and to read keys from. Ink draws nothing in CI, and a screen reader is
 * better served with lines.
 */
export function hasScreen(
  { out, env }: Pick<Io, 'out' | 'env'>,
  { json, plain }: Pick<DashboardOptions, 'json' | 'plain'>,
  stdin: { readonly isTTY: boolean } = process.stdin,
): boolean {
  if (json === true || plain === true || env['TERM'] === 'dumb') return false;
  if (env['INK_SCREEN_READER'] === 'true' || inCi(env)) return false;
  return out.isTTY && stdin.isTTY;
}

function inCi(env: Io['env']): boolean {
  return ['CI', 'CONTINUOUS_INTEGRATION'].some((name) => !['', '0', 'false', undefined].includes(env[name]));
}

async function asLines(io: Io, options: Options, { ask }: Gateway): Promise<number> {
  const display = options.json === true ? jsonLines(io) : changeLines(io);
  await watch(() => ask((client) => client.status()), display, options.intervalMs, io.signal);
  return EXIT.interrupted;
}

async function asScreen(io: Io, options: Options, feed: Feed): Promise<number> {
  const show = await loadScreen(io, options);
  const { how, kept } = await show({
    feed,
    glyphs: glyphsFor(io.env),
    flags: flagsOf(options),
    signal: io.signal,
  });
  if (kept !== null) io.out.write(`${kept}\n`);
  io.out.write(`${summaryOf(feed.snapshot())}\n`);
  return how === 'interrupt' ? EXIT.interrupted : EXIT.done;
}

/** What stands behind a verb to reach the same gateway. */
function flagsOf({ config, admin }: Options): string {
  return ` -c ${shellWord(config)}${admin === undefined ? '' : ` --admin ${shellWord(admin)}`}`;
}

/** Ink knows neither NO_COLOR nor `--no-color`, and React measures itself unless this is production. */
async function loadScreen(io: Io, options: Options): Promise<Show> {
  if (!paintFor(io, options.color).on) process.env['FORCE_COLOR'] = '0';
  process.env['NODE_ENV'] ??= 'production';
  return (await import('../../dashboard/show.ts')).show;
}

/** Status without a token; classes and events with the one of the run directory, read each time. */
function readsOf(io: Io, options: Options, { ask }: Gateway, place: Place): Reads {
  const commanding = <T>(use: (gateway: Gateway) => Promise<T>) => withCommands(io, options, use, place);
  return {
    status: () => ask((client) => client.status()),
    differences: () => commanding((gateway) => gateway.ask((client) => client.differences(BOUNDS.classes))),
    follow: (after, ears) =>
      commanding(async (gateway) => {
        const { entries } = await gateway.ask((client) => client.history(BOUNDS.pastEntries));
        ears.past(entries.map(pastOf));
        const from = { signal: io.signal, ...(after === null ? {} : { after }) };
        const events = await gateway.ask(async (client) => client.events(from));
        for await (const event of events) ears.event(event);
      }),
  };
}
