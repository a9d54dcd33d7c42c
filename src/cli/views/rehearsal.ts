import { monotonicMs } from '../../core/clock.ts';
import type { Happening, Opening, Tell } from '../../scenario/happening.ts';
import type { ExitResult, RehearsalResult } from '../../scenario/result-schema.ts';
import type { Fault } from '../../scenario/schema-faults.ts';
import { formatShare } from '../../core/units.ts';
import * as format from '../format.ts';
import type { Paint } from '../paint.ts';
import { table } from '../table.ts';

/** Lines of a verb's output that are shown, and characters of a line. */
const OUTPUT_LINES = 5;
const OUTPUT_CHARS = 140;
const VALUE_CHARS = 120;

/** Writes a line or a few for everything that happens, each with the time since the start. */
export function rehearsalTeller(write: (text: string) => void, paint: Paint): Tell {
  const startMs = monotonicMs();
  return (happening) => {
    if (happening.kind === 'opening') return write(openingText(happening.opening, paint));
    // A sentence begins a chapter.
    if (happening.kind === 'said') write('\n');
    const at = clock(monotonicMs() - startMs);
    for (const line of linesOf(happening, paint)) write(`${paint.faint(at)}  ${line}\n`);
  };
}

/** `00:07` */
function clock(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return [Math.floor(seconds / 60), seconds % 60].map((part) => String(part).padStart(2, '0')).join(':');
}

function openingText({ scenario, about, seed, legacy, upstreams, ...rest }: Opening, paint: Paint): string {
  const servers = Object.entries(upstreams).map(([name, kind]) => `${name} (${kind})`);
  const legacyText = legacy.startsWith('nginx ')
    ? `a real NGINX ${legacy.slice('nginx '.length)}`
    : `${legacy}${legacy === 'embedded' ? ': the scripted answers of the scenario' : ''}`;
  const head = [
    `${paint.strong(`Rehearsal ${scenario}`)}${about === null ? '' : `: ${about}`}`,
    `Legacy is ${legacyText}. Servers: ${servers.join(', ')}. Seed ${seed}.`,
  ];
  return `${head.join('\n')}\n${settingsText(rest, paint)}\n`;
}

/** What the scenario changed about the gates, and what it would take otherwise. */
function settingsText({ changed, usual }: Pick<Opening, 'changed' | 'usual'>, paint: Paint): string {
  if (changed.length === 0) return 'The gates are as they are by default.\n';
  const columns = [
    { title: 'PUBLIC SETTING' },
    { title: 'HERE', right: true },
    { title: 'DEFAULT', right: true },
    { title: 'THE DEFAULT NEEDS', right: true },
  ];
  const rows = changed.map(({ key, here, usual: other, needsMs }) => [
    `rollout.${key}`,
    here,
    other,
    needsMs === null ? '-' : format.age(needsMs),
  ]);
  return `\n${table(columns, rows, paint.faint)}${usual === null ? '' : usualText(usual)}`;
}

function usualText(usual: NonNullable<Opening['usual']>): string {
  const phases = usual.phases
    .filter(({ times }) => times > 0)
    .map(({ phase, ms, times }) => `${phase} ${times > 1 ? `${times} × ` : ''}${format.age(ms)}`);
  const rates = `${format.rate(usual.perSecond)} requests/s give ${format.rate(usual.pairsPerSecond)} pairs/s`;
  const pairs = `${format.count(usual.pairs)} pairs that all agree take ${format.age(usual.pairsMs)}`;
  const windows = `${format.count(usual.windows)} windows without a burst of errors ${format.age(usual.windowsMs)}`;
  return (
    `With the defaults ${rates}: ${pairs},\n${windows};\n` +
    `the whole way would take ${format.age(usual.totalMs)}: ${phases.join(', ')}.\n`
  );
}

function linesOf(happening: Exclude<Happening, { kind: 'opening' }>, paint: Paint): string[] {
  switch (happening.kind) {
    case 'serving': {
      const where = happening.listeners.map(
        ({ address, region }) => `http://${address}${region === null ? '' : ` (${region})`}`,
      );
      return [`the gateway serves on ${where.join(', ')}; traffic starts`];
    }
    case 'said':
      return [paint.strong(happening.text)];
    case 'configured':
      return [`cutover.yaml is changed: ${happening.keys.join(', ')}`];
    case 'fault':
      return [`${happening.on ? 'fault' : 'end of the fault'}: ${faultText(happening.fault)}`];
    case 'runs':
      return [`$ ${happening.run}`];
    case 'ran':
      return ranLines(happening.exit, paint);
    case 'position':
      return [
        `phase: ${happening.from === null ? '' : `${happening.from} -> `}${paint.strong(happening.to)}`,
      ];
    case 'withdrawn':
      return [`${paint.bad('taken back')}: legacy answers ${happening.region} again`];
    case 'gate':
      return [gateLine(happening, paint)];
    case 'class': {
      const { kind, path, endpoint, example } = happening.found;
      const values =
        example === null ? '' : ` (${example.difference.legacy} -> ${example.difference.candidate})`;
      const said = `${kind} ${path} of ${endpoint}${values}`;
      return [`new class of differences: ${shortened(format.safe(said), VALUE_CHARS)}`];
    }
  }
}

function gateLine({ position, gate }: Extract<Happening, { kind: 'gate' }>, paint: Paint): string {
  const { verdict, reason, message } = gate;
  const tones = {
    ready: paint.good,
    abort: paint.bad,
    invalid: paint.bad,
    hold: String,
    inconclusive: paint.warn,
  };
  return `gate of ${position}: ${tones[verdict](verdict)} ${reason}: ${format.safe(message)}`;
}

function ranLines({ run, code, expected, ok, tookMs, output }: ExitResult, paint: Paint): string[] {
  const exit = `exit ${code ?? 'none'} after ${(tookMs / 1_000).toFixed(1)} s`;
  // What `wait` saw was told while it waited.
  const lines = run.startsWith('wait') && ok ? [] : output.split('\n').filter((line) => line !== '');
  return [
    ...lines.slice(0, OUTPUT_LINES).map((line) => `  ${shortened(format.safe(line), OUTPUT_CHARS)}`),
    `  ${paint.faint(exit)}${ok ? '' : paint.bad(` (expected ${expected})`)}`,
  ];
}

function faultText(fault: Fault): string {
  const { target, share, path } = fault;
  const below = path === undefined ? '' : ` to ${path}`;
  const whom = `${share === 1 ? 'every request' : `${formatShare(share)} of the requests`}${below}`;
  switch (fault.kind) {
    case 'latency':
      return `${target} answers ${whom} ${laterText(fault)}`;
    case 'error':
      return `${target} answers ${whom} with ${fault.status}`;
    case 'hang':
      return `${target} never answers ${whom}`;
    case 'reset':
      return `${target} resets the connection of ${whom}`;
    case 'restart':
      return `${target} is down`;
    case 'field':
      return `${target} answers ${whom} with another ${fault.pointer}`;
  }
}

function laterText({
  delay,
  slower = 0,
}: Pick<Extract<Fault, { kind: 'latency' }>, 'delay' | 'slower'>): string {
  return delay === undefined ? `${formatShare(slower)} slower` : `${delay} ms later`;
}

/** What came out: every promise, what clients saw, and one line for all. */
export function rehearsalText(result: RehearsalResult, paint: Paint): string {
  const promises = result.expectations.map((each) =>
    each.ok
      ? `${paint.good('ok')}    ${each.name}`
      : `${paint.bad('FAIL')}  ${each.name}: ${each.path} ${each.op} ${value(each.expected)}, and it is ${value(each.actual)}`,
  );
  const exits = result.exits
    .filter(({ ok }) => !ok)
    .map(
      ({ run, code, expected }) =>
        `${paint.bad('FAIL')}  cutover ${run}: exit ${code ?? 'none'}, not ${expected}`,
    );
  const { requests, errors, bad, p50Ms, p99Ms } = result.client;
  const client = `Clients: ${format.count(requests)} requests, ${errors} errors, ${bad} bad answers, p50 ${format.milliseconds(p50Ms)}, p99 ${format.milliseconds(p99Ms)}`;
  const kept = result.folder === null ? [] : [`Kept: ${result.folder}`];
  return `\n${[...promises, ...exits, client, verdictLine(result, paint), ...kept].join('\n')}\n`;
}

function verdictLine({ ok, ended, expectations, exits, durationMs }: RehearsalResult, paint: Paint): string {
  const held = (list: readonly { ok: boolean }[]): string =>
    `${list.filter((each) => each.ok).length} of ${list.length}`;
  const late = ended === 'limit' ? '; it took longer than its limit' : '';
  const what = `${held(expectations)} promises and ${held(exits)} exit codes hold${late}`;
  return `${ok ? paint.good('OK') : paint.bad('FAILED')}: ${what} (${(durationMs / 1_000).toFixed(1)} s)`;
}

function value(json: unknown): string {
  return shortened(JSON.stringify(json), VALUE_CHARS);
}

function shortened(text: string, chars: number): string {
  return text.length > chars ? `${text.slice(0, chars)}…` : text;
}
