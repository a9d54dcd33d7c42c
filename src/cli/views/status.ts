import type { Status } from '../../control/schema/status.ts';
import * as format from '../format.ts';
import type { Paint } from '../paint.ts';
import { placeInPlan } from '../plan.ts';
import { positionName } from '../../rollout/position.ts';
import { table } from '../table.ts';
import { copiesTree, jointTable, reasons, rulesTable } from './copies.ts';
import { gatesText } from './gates.ts';

/** The whole screen of `cutover status`. */
export function statusText(status: Status, paint: Paint): string {
  return [
    head(status, paint),
    shares(status, paint),
    `${paint.faint('GATES')}\n${gatesText(status.gate, paint)}`,
    lanes(status, paint),
    copiesTree(status, paint),
    jointTable(status, paint) + rulesTable(status, paint),
    workers(status, paint),
  ].join('\n');
}

function head(status: Status, paint: Paint): string {
  const { rollout, snapshot, store } = status;
  const since = `since ${format.time(rollout.sinceMs)} (${format.age(status.atMs - rollout.sinceMs)})`;
  const rows: [string, string][] = [
    ['Phase', `${paint.strong(placeInPlan(rollout, rollout.steps))}   ${since}`],
    ['Paused', rollout.paused ? paint.warn('yes') : 'no'],
    ['Bypass', rollout.bypass ? paint.bad('ON: all traffic to legacy, no copies') : 'off'],
    ...withdrawn(rollout, paint),
    ['Epoch', String(rollout.epoch)],
    ['Last good', positionName(rollout.lastGood)],
    ['Snapshot', snapshotText(snapshot, paint)],
    [
      'Store',
      store.mode === 'live' ? 'live' : paint.bad(`${store.mode}: ${store.message ?? 'no reason known'}`),
    ],
    ['Listening', status.listeners.map(({ address, region }) => listener(address, region)).join(', ') || '-'],
    ['Observed', observed(status)],
  ];
  const title = `cutover ${status.build}   up ${format.age(status.atMs - status.startedAtMs)}`;
  return `${paint.strong(title)}\n${rows.map(([name, text]) => `${name.padEnd(11)}${text}\n`).join('')}`;
}

/** Regions that were taken back alone, and how they come in again; shown when there are any. */
function withdrawn({ withdrawn: regions }: Status['rollout'], paint: Paint): [string, string][] {
  const [first] = regions;
  if (first === undefined) return [];
  const names = regions.map(format.safe).join(', ');
  const again = `cutover advance --region ${format.safe(first)} --force --reason TEXT`;
  return [['Withdrawn', `${paint.warn(names)}: legacy answers there   (again: ${again})`]];
}

function snapshotText(snapshot: Status['snapshot'], paint: Paint): string {
  const effect = snapshot.inEffect ? 'in effect on every worker' : paint.warn('not yet on every worker');
  return `revision ${snapshot.revision}, ${effect}`;
}

function listener(address: string, region: string | null): string {
  return region === null ? address : `${address} (${region})`;
}

function observed({ observed: { fromMs, toMs, windows } }: Status): string {
  if (windows === 0) return 'nothing yet';
  return `${format.counted(windows, 'window')} of this epoch, ${format.age(toMs - fromMs)} up to ${format.time(toMs)}`;
}

function shares(status: Status, paint: Paint): string {
  if (status.shares.length === 0) return 'REGION  no region is named, all users are one\n';
  return table(
    [
      { title: 'REGION' },
      { title: 'DESIRED', right: true },
      { title: 'ACTUAL', right: true },
      { title: 'REQUESTS', right: true },
    ],
    status.shares.map((share) => [
      format.safe(share.region),
      format.percent(share.desired),
      format.percent(share.actual),
      format.count(share.requests),
    ]),
    paint.faint,
  );
}

function lanes(status: Status, paint: Paint): string {
  const row = (name: 'legacy' | 'candidate'): string[] => {
    const lane = status.lanes[name];
    return [
      name,
      format.count(lane.requests),
      format.rate(lane.perSecond),
      format.count(lane.bad),
      format.percent(lane.badRatio),
      format.milliseconds(lane.latency.p50Ms),
      format.milliseconds(lane.latency.p90Ms),
      format.milliseconds(lane.latency.p99Ms),
      format.milliseconds(lane.latency.p999Ms),
    ];
  };
  const over = (name: string, of: Status['delta'], text: (ms: number | null) => string, count = '') => {
    const { p50Ms, p90Ms, p99Ms, p999Ms } = of;
    return [name, count, '', '', '', ...[p50Ms, p90Ms, p99Ms, p999Ms].map(text)];
  };
  const { legacy, candidate } = status.pairLatency;
  const titles = ['REQUESTS', 'PER S', 'BAD', 'BAD %', 'P50', 'P90', 'P99', 'P99.9'];
  const rows = [
    row('legacy'),
    row('candidate'),
    over('legacy, pairs', legacy, format.milliseconds, format.count(legacy.samples)),
    over('candidate, pairs', candidate, format.milliseconds, format.count(candidate.samples)),
    over('delta, pairs', status.delta, format.signedMilliseconds),
  ];
  const columns = [{ title: 'LANE' }, ...titles.map((title) => ({ title, right: true }))];
  return table(columns, rows, paint.faint) + laneNotes(status);
}

/** Why lanes failed, who gave up waiting, and what `-` means. */
function laneNotes({ lanes: { legacy, candidate } }: Status): string {
  const gone = { legacy: legacy.abandoned, candidate: candidate.abandoned };
  return [
    reasons('Legacy failed', legacy.failures),
    reasons('Candidate failed', candidate.failures),
    reasons('Clients gave up waiting', gone),
    'A latency of - has too few samples: at least ten must lie beyond it\n',
  ].join('');
}

function workers(status: Status, paint: Paint): string {
  const titles = ['REVISION', 'CONNECTIONS', 'EXCHANGES', 'MEMORY', 'LOOP DELAY', 'RESTARTS'];
  return table(
    [
      { title: 'WORKER', right: true },
      { title: 'PID', right: true },
      { title: 'STATE' },
      ...titles.map((title) => ({ title, right: true })),
    ],
    status.workers.map((worker) => [
      String(worker.slot),
      String(worker.pid),
      worker.state,
      String(worker.acknowledgedRevision),
      format.count(worker.connections),
      format.count(worker.exchanges),
      format.mebibytes(worker.rssBytes),
      format.milliseconds(worker.loopDelayMs),
      format.count(worker.restarts),
    ]),
    paint.faint,
  );
}
