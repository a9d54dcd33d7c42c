import { LIMITS } from '../src/core/limits.ts';
import { formatShare } from '../src/core/units.ts';
import type { RunningGateway } from '../test/kit/gateway.ts';
import { until } from '../test/kit/until.ts';
import { SETTLE_SECONDS } from './extent.ts';
import { runLoad } from './load.ts';
import type { LoadPlan } from './load.ts';
import { isDisturbed, isLate, startSubject } from './run.ts';
import type { Failure, Run } from './run.ts';
import { benchGateway } from './subjects/cutover.ts';
import type { Running } from './subjects/subject.ts';
import { STATES, toggleResult } from './toggle-figures.ts';
import type { ShadowState, ToggleResult, ToggleSample } from './toggle-figures.ts';
import { measure } from './window.ts';
import { TOGGLE, findWork } from './works.ts';

/** Throughput is that of saturation. */
const LOAD: LoadPlan = { kind: 'closed', connections: 32 };
/** Latency is that of a steady rate: at saturation each request waits for the others, whoever they are. */
const STEADY: LoadPlan = { kind: 'open', connections: 32, perSecond: 3_000 };
const SHARE = 0.1;
/** nginx is shown beside; every so many turns are enough to see it collapse. */
const NGINX_EVERY = 4;

/**
 * One process whose copies are switched: nothing else changes between two windows.
 * @param failures gets what went wrong; what was measured until then is the result
 */
export async function measureToggle(run: Run, failures: Failure[]): Promise<ToggleResult[]> {
  const samples: ToggleSample[] = [];
  const rival: ToggleSample[] = [];
  const running: Running[] = [];
  try {
    const { gateway, nginx } = await startBoth(run, running);
    for (let turn = 0; turn < run.extent.toggleTurns && !isLate(run); turn += 1) {
      for (const state of orderOf(turn)) {
        await switchTo(state, gateway, run);
        samples.push(await take({ subject: 'cutover', state, turn, running: asRunning(gateway), run }));
      }
      if (turn % NGINX_EVERY === 0) rival.push(...(await nginxTurn(turn, nginx, run)));
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    failures.push({ work: TOGGLE, subject: 'cutover', reason });
    run.progress(`${TOGGLE} failed: ${reason}`);
  } finally {
    for (const one of running) await one.stop();
  }
  return [toggleResult('cutover', samples), toggleResult('nginx', rival)];
}

/** Both are added to `into` as soon as they run. */
async function startBoth(run: Run, into: Running[]): Promise<{ gateway: RunningGateway; nginx: Running }> {
  const { legacyPort, candidatePort } = run.stage;
  const hung = findWork('shadow-10-hung');
  if (hung === null) throw new Error('the work shadow-10-hung is gone');
  const task = { legacyPort, candidatePort, copied: 0 as const, workers: 1, certificate: null };
  const gateway = await benchGateway(task)
    // The product's own cap: what keeps a candidate that hangs from costing clients anything.
    .config({ rollout: { shadow: { maxInFlight: LIMITS.copiesInFlight } } })
    .start();
  into.push(asRunning(gateway));
  const nginx = await startSubject(hung, 'nginx', run.stage);
  into.push(nginx);
  await runLoad(gateway.url, LOAD, run.extent.warmSeconds);
  return { gateway, nginx };
}

/** Each state begins as often as the others. */
function orderOf(turn: number): ShadowState[] {
  const first = turn % STATES.length;
  const rotated = [...STATES.slice(first), ...STATES.slice(0, first)];
  return turn % 2 === 0 ? rotated : rotated.toReversed();
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
async function switchTo(state: ShadowState, gateway: RunningGateway, run: Run): Promise<void> {
  const port = state === 'hung' ? run.stage.hung.port : run.stage.candidatePort;
  gateway.rewrite({
    candidate: { servers: [`http://127.0.0.1:${port}`] },
    rollout: { shadow: { sample: formatShare(state === 'off' ? 0 : SHARE) } },
  });
  const answer = await gateway.admin('/v1/reload', { method: 'POST', body: { who: 'bench' } });
  if (answer.status !== 200)
    throw new Error(`the reload was answered ${answer.status}: ${answer.body.toString()}`);
  await until(async () => (await gateway.status()).snapshot.inEffect, 'the snapshot to be in effect');
  await runLoad(gateway.url, LOAD, SETTLE_SECONDS);
}

/** The plain port and the mirrored one, whose mirror hangs, are two ports of the same process. */
async function nginxTurn(turn: number, mirrored: Running, run: Run): Promise<ToggleSample[]> {
  const off = await take({ subject: 'nginx', state: 'off', turn, running: plainOf(mirrored), run });
  const hung = await take({ subject: 'nginx', state: 'hung', turn, running: mirrored, run });
  return [off, hung];
}

function plainOf(mirrored: Running): Running {
  return { ...mirrored, url: mirrored.siblings?.['plain'] ?? mirrored.url };
}

interface Take {
  readonly subject: string;
  readonly state: ShadowState;
  readonly turn: number;
  readonly running: Running;
  readonly run: Run;
}

async function take({ subject, state, turn, running, run }: Take): Promise<ToggleSample> {
  const { stage, extent } = run;
  const under = (load: LoadPlan) =>
    measure({
      running,
      path: '/',
      load,
      seconds: extent.windowSeconds,
      copies: () => stage.copies(state === 'hung' ? 'hung' : 'healthy'),
      ours: stage.pids,
    });
  const full = await under(LOAD);
  const steady = await under(STEADY);
  const dropped = isDisturbed(full, extent) || isDisturbed(steady, extent);
  const { requestsPerSecond, copies } = full;
  const { p99Ms } = steady;
  const errors = full.errors + steady.errors;
  run.progress(
    `turn ${turn + 1} shadow ${state} ${subject}: ${Math.round(requestsPerSecond)}/s, p99 ${p99Ms.toFixed(2)} ms${dropped ? ', dropped' : ''}`,
  );
  return {
    turn,
    state,
    dropped,
    errors,
    requestsPerSecond,
    p99Ms,
    copies,
  };
}
