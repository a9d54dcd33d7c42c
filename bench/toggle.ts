import { LIMITS } from '../src/core/limits.ts';
import { formatShare } from '../src/core/units.ts';
import type { RunningGateway } from '../test/kit/gateway.ts';
import { until } from '../test/kit/until.ts';
import { SETTLE_SECONDS } from './extent.ts';
import { runLoad } from './load.ts';
import type { LoadPlan } from './load.ts';
import { beside, floodOf } from './token-flood.ts';
import { asked, isDisturbed, isLate, startSubject } from './run.ts';
import type { Failure, Run } from './run.ts';
import type { Stage } from './stage.ts';
import { benchGateway } from './subjects/cutover.ts';
import type { Running } from './subjects/subject.ts';
import { toggleResult } from './toggle-figures.ts';
import type { ToggleResult, ToggleSample } from './toggle-figures.ts';
import { measure } from './window.ts';
import { findWork } from './works.ts';
import type { ToggleStateName, ToggleWork } from './works.ts';

/** Throughput is that of saturation. */
const LOAD: LoadPlan = { kind: 'closed', connections: 32 };
const SHARE = 0.1;
/** nginx is shown beside; every so many turns are enough to see it collapse. */
const NGINX_EVERY = 4;

/** Latency is that of a steady rate: at saturation each request waits for the others, whoever they are. */
export function steady(work: ToggleWork, stage: Stage): LoadPlan {
  return { kind: 'open', connections: 32, perSecond: work.perSecond, ...tokensOf(work, stage) };
}

function tokensOf({ tokens }: ToggleWork, { credentials }: Stage): Pick<LoadPlan, 'tokensFile'> {
  return tokens === undefined || credentials === null ? {} : { tokensFile: credentials.tokenFiles[tokens] };
}

/**
 * One process that is switched from state to state: nothing else changes between two windows.
 * @param failures gets what went wrong; what was measured until then is the result
 */
export async function measureToggle(
  work: ToggleWork,
  run: Run,
  failures: Failure[],
): Promise<ToggleResult[]> {
  const samples: ToggleSample[] = [];
  const rival: ToggleSample[] = [];
  const running: Running[] = [];
  try {
    const { gateway, nginx } = await startBoth(work, run, running);
    for (let turn = 0; turn < run.extent.toggleTurns && !isLate(run); turn += 1) {
      for (const state of orderOf(work, turn)) {
        await switchTo(state, gateway, run.stage);
        samples.push(await take({ work, subject: 'cutover', state, turn, running: asRunning(gateway), run }));
      }
      if (nginx !== null && turn % NGINX_EVERY === 0)
        rival.push(...(await nginxTurn(work, turn, nginx, run)));
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    failures.push({ work: work.name, subject: 'cutover', reason });
    run.progress(`${work.name} failed: ${reason}`);
  } finally {
    for (const one of running) await one.stop();
  }
  const own = toggleResult(work, 'cutover', samples);
  return work.states.includes('hung') ? [own, toggleResult(work, 'nginx', rival)] : [own];
}

interface Both {
  readonly gateway: RunningGateway;
  /** Stands beside where a candidate hangs. */
  readonly nginx: Running | null;
}

/** Both are added to `into` as soon as they run. */
async function startBoth(work: ToggleWork, run: Run, into: Running[]): Promise<Both> {
  const { legacyPort, candidatePort } = run.stage;
  const plain = { legacyPort, candidatePort, copied: 0 as const, workers: 1, certificate: null };
  const task = { ...plain, ...(work.tokens === undefined ? {} : asked({ asks: 'token' }, run.stage)) };
  const gateway = await benchGateway(task)
    // The product's own cap: what keeps a candidate that hangs from costing clients anything.
    .config({ rollout: { shadow: { maxInFlight: LIMITS.copiesInFlight } } })
    .start();
  into.push(asRunning(gateway));
  const hung = work.states.includes('hung') ? findWork('shadow-10-hung') : null;
  const nginx = hung === null ? null : await startSubject(hung, 'nginx', run.stage);
  if (nginx !== null) into.push(nginx);
  await runLoad(gateway.url, { ...LOAD, ...tokensOf(work, run.stage) }, run.extent.warmSeconds);
  return { gateway, nginx };
}

/** Each state begins as often as the others. */
function orderOf({ states }: ToggleWork, turn: number): ToggleStateName[] {
  const first = turn % states.length;
  const rotated = [...states.slice(first), ...states.slice(0, first)];
  return turn % 2 === 0 ? rotated : rotated.toReversed();
}

/** What a state is in words of the configuration. Where `answerLimit` is nothing, no answer is kept, hashed or compared. */
function shadowOf(state: ToggleStateName): object {
  const answerLimit = state === 'uncompared' ? '0B' : '256KiB';
  const share = state === 'uncompared' || state === 'compared' ? 1 : SHARE;
  return { sample: formatShare(state === 'off' ? 0 : share), answerLimit };
}

function asRunning(gateway: RunningGateway): Running {
  return {
    url: gateway.url,
    pid: gateway.pids().supervisor,
    workers: () => gateway.pids().workers,
    stop: gateway.stop,
  };
}

/** By the configuration file and a reload, as an operator does it; then the state before gets time to end. */
export async function switchTo(state: ToggleStateName, gateway: RunningGateway, stage: Stage): Promise<void> {
  if (state === 'users' || floodOf(state) !== null) return;
  const port = state === 'hung' ? stage.hung.port : stage.candidatePort;
  gateway.rewrite({
    candidate: { servers: [`http://127.0.0.1:${port}`] },
    rollout: { shadow: shadowOf(state) },
  });
  const answer = await gateway.admin('/v1/reload', { method: 'POST', body: { who: 'bench' } });
  if (answer.status !== 200)
    throw new Error(`the reload was answered ${answer.status}: ${answer.body.toString()}`);
  await until(async () => (await gateway.status()).snapshot.inEffect, 'the snapshot to be in effect');
  await runLoad(gateway.url, LOAD, SETTLE_SECONDS);
}

/** The plain port and the mirrored one, whose mirror hangs, are two ports of the same process. */
async function nginxTurn(
  work: ToggleWork,
  turn: number,
  mirrored: Running,
  run: Run,
): Promise<ToggleSample[]> {
  const off = await take({ work, subject: 'nginx', state: 'off', turn, running: plainOf(mirrored), run });
  const hung = await take({ work, subject: 'nginx', state: 'hung', turn, running: mirrored, run });
  return [off, hung];
}

function plainOf(mirrored: Running): Running {
  return { ...mirrored, url: mirrored.siblings?.['plain'] ?? mirrored.url };
}

interface Take {
  readonly work: ToggleWork;
  readonly subject: string;
  readonly state: ToggleStateName;
  readonly turn: number;
  readonly running: Running;
  readonly run: Run;
}

async function take({ work, subject, state, turn, running, run }: Take): Promise<ToggleSample> {
  const { stage, extent } = run;
  const under = (load: LoadPlan, pids: readonly number[] = []) =>
    measure({
      running,
      path: work.path,
      load,
      seconds: extent.windowSeconds,
      copies: () => stage.copies(state === 'hung' ? 'hung' : 'healthy'),
      ours: [...stage.pids, ...pids],
    });
  const full = work.saturates ? await under(LOAD) : null;
  const flood = floodOf(state);
  const { quiet, flooded } = await beside(flood, running.url, run, (pids) =>
    under(steady(work, stage), pids),
  );
  const dropped = isDisturbed(quiet, extent) || (full !== null && isDisturbed(full, extent));
  const { requestsPerSecond, copies } = full ?? quiet;
  const { p99Ms } = quiet;
  const errors = quiet.errors + (full?.errors ?? 0);
  run.progress(
    `turn ${turn + 1} ${state} ${subject}: ${Math.round(requestsPerSecond)}/s, p99 ${p99Ms.toFixed(2)} ms${flooded === null ? '' : `, ${Math.round(flooded)} forged/s answered`}${dropped ? ', dropped' : ''}`,
  );
  return {
    turn,
    state,
    dropped,
    errors,
    requestsPerSecond,
    p99Ms,
    copies,
    flooded,
  };
}
