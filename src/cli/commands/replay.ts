import { basename } from 'node:path';
import { buildName } from '../../control/build.ts';
import { CutoverError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { addressText } from '../../core/unix-address.ts';
import { CaptureFile } from '../../replay/capture/file.ts';
import type { Pace } from '../../replay/pace.ts';
import { Replay } from '../../replay/replay.ts';
import type { ReplayResult } from '../../replay/replay.ts';
import { checkResume, parseResume } from '../../replay/resume.ts';
import type { ResumeState } from '../../replay/resume.ts';
import { parseSessionBy } from '../../replay/session.ts';
import type { SessionBy } from '../../replay/session.ts';
import { buildReplayReport, replayJson } from '../../report/replay-build.ts';
import { replayMarkdown } from '../../report/replay-markdown.ts';
import { writeWhole } from '../../report/write-file.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import type { Options } from '../options.ts';
import { checkPlaces, firstFile, outputsOf, putAll } from '../outputs.ts';
import type { Wanted } from '../outputs.ts';
import { ProgressLine, summaryText } from '../progress.ts';
import { readBounded } from '../replay-file.ts';
import { replayLanes } from '../replay-lanes.ts';
import type { ReplayServers } from '../replay-lanes.ts';
import { shellWord } from '../shell-word.ts';
import type { Verb } from '../verbs.ts';

/** Sends a capture to both lanes and reports what they answered. What differs is for `gate --report` to judge. */
export const replay: Verb = async (io, options, [file = '']) => {
  const wanted = outputsOf(options);
  checkPlaces(wanted);
  const servers = replayLanes(options);
  const capture = new CaptureFile(file, options.input ?? null);
  const settings = settingsOf(options, servers);
  const resume = resumeOf(options, capture, settings);
  const result = await run(io, options, { capture, servers, resume });
  const { fallbackHost, rules } = servers;
  const host = options.host ?? fallbackHost;
  const report = buildReplayReport({ result, build: buildName(), settings, servers, rules, host });
  putAll(io, wanted, { json: () => replayJson(report), md: () => replayMarkdown(report) });
  if (result.resume === null) return warned(io, result);
  summed(io, result);
  leaveResume(io, file, wanted, { schemaVersion: 1, settings, ...result.resume });
  return EXIT.interrupted;
};

/** What makes another replay, in words: it stands in the report, and a replay that goes on must agree with it. */
function settingsOf(options: Options, { legacy, candidate, rules }: ReplayServers): Record<string, string> {
  const { seed = 0, writes, session = 'auto', host, limit } = options;
  const url = ({ scheme, ...address }: ReplayServers['legacy']): string =>
    `${scheme}://${addressText(address)}`;
  return {
    legacy: url(legacy),
    candidate: url(candidate),
    seed: String(seed),
    writes: writes === true ? 'sent' : 'skipped',
    session,
    host: host ?? 'as captured',
    rules: rules.map(({ id }) => id).join(' ') || 'none',
    limit: Number.isFinite(limit) ? String(limit) : 'none',
  };
}

function resumeOf(
  { resume }: Options,
  { facts }: CaptureFile,
  settings: Record<string, string>,
): ResumeState | null {
  if (resume === undefined) return null;
  const state = parseResume(resume, readBounded(resume));
  checkResume(state, facts, settings);
  return state;
}

interface Work {
  readonly capture: CaptureFile;
  readonly servers: ReplayServers;
  readonly resume: ResumeState | null;
}

async function run(io: Io, options: Options, { capture, servers, resume }: Work): Promise<ReplayResult> {
  const { seed = 0, writes = false, host = null } = options;
  const { concurrency = LIMITS.replayConcurrencyDefault, limit, timeoutMs } = options;
  const work = new Replay({
    capture,
    resume,
    legacy: servers.legacy,
    candidate: servers.candidate,
    rules: servers.rules,
    router: servers.router,
    policy: { writes, host, seed, fallbackHost: servers.fallbackHost },
    sessionBy: sessionBy(options),
    pace: paceOf(options),
    concurrency,
    timeoutMs,
    limit: Number.isFinite(limit) ? limit : null,
    signal: io.signal,
    log: (message) => progress.say(`warning: ${message}`),
  });
  const progress = new ProgressLine(io, () => work.progress);
  try {
    return await work.run();
  } finally {
    progress.stop();
  }
}

function sessionBy({ session = 'auto' }: Options): SessionBy {
  const found = parseSessionBy(session);
  if (found !== null) return found;
  throw new CutoverError('USAGE', `--session: nothing is told apart by ${session}`, {
    hint: 'allowed: auto, address, none, cookie:NAME, header:NAME',
    exitCode: EXIT.usage,
  });
}

function paceOf({ rate, speed = 1, maxGap: maxGapMs = Number.POSITIVE_INFINITY }: Options): Pace {
  if (rate !== undefined) return { kind: 'rate', perSecond: rate };
  return speed === 'max' ? { kind: 'unpaced' } : { kind: 'original', speed, maxGapMs };
}

/** A report of nothing is worth a word: a file of another kind gives one. */
function warned(io: Io, result: ReplayResult): number {
  const { sent, read } = result.tally.counts;
  if (sent === 0) io.err.write(`warning: none of ${read} requests was sent; the accounting says why\n`);
  summed(io, result);
  return EXIT.done;
}

function summed(io: Io, { tally, times }: ReplayResult): void {
  const { sent, outcomes } = tally.counts;
  const { elapsedMs } = times;
  io.err.write(`${summaryText({ sent, compared: outcomes.compared, elapsedMs })}\n`);
}

function leaveResume(io: Io, file: string, wanted: readonly Wanted[], state: ResumeState): void {
  const place = `${firstFile(wanted) ?? basename(file)}.resume`;
  try {
    writeWhole(place, `${JSON.stringify(state)}\n`);
  } catch (error) {
    throw error instanceof CutoverError
      ? error
      : new CutoverError('NOT_WRITTEN', `${place} cannot be written`);
  }
  io.err.write(`interrupted; repeat the command with --resume ${shellWord(place)} to go on\n`);
}
