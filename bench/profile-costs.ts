/** A CPU profile as V8 writes it (`.cpuprofile`); what is not needed here is left out. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      /** From 0. */
      readonly lineNumber: number;
    };
  }[];
  /** Node on top at each sample, and microseconds since the sample before. */
  readonly samples?: readonly number[];
  readonly timeDeltas?: readonly number[];
}

/** Time in one place, itself and not what it calls. */
export interface Cost {
  readonly name: string;
  readonly selfUs: number;
  /** Of the time in which the thread had work. */
  readonly share: number;
}

/** Where the time of a profile went. */
export interface Costs {
  readonly busyUs: number;
  readonly idleUs: number;
  readonly functions: readonly Cost[];
  readonly rooms: readonly Cost[];
}

const IDLE = '(idle)';

type Frame = CpuProfile['nodes'][number]['callFrame'];

/** `src/wire/call.ts:12` from a URL; a module of Node or a package keeps its name. */
export function placeOf({ url, lineNumber }: Frame): string {
  if (url === '') return '';
  const path = url.replace(/^file:\/\//, '');
  const known = /\/(node_modules\/.*)$/.exec(path) ?? /^.*\/((?:src|dist)\/.*)$/.exec(path);
  return `${known?.[1] ?? path}:${lineNumber + 1}`;
}

/** The room of a file of the product; else the package, `node` or what V8 calls it. */
export function roomOf(frame: Frame): string {
  const { url, functionName } = frame;
  const modules = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  if (modules !== undefined) return modules;
  if (url.startsWith('node:')) return 'node';
  const room = /^.*\/(?:src|dist)\/([^/]+)\//.exec(url)?.[1];
  if (room !== undefined) return room;
  if (url !== '') return 'other';
  return functionName.startsWith('(') ? functionName : 'native';
}

function nameOf(frame: Frame): string {
  const place = placeOf(frame);
  const name = frame.functionName === '' ? '(anonymous)' : frame.functionName;
  return place === '' ? name : `${name} ${place}`;
}

/** Adds up the self time of every function, and of every room. */
export function costsOf(profile: CpuProfile): Costs {
  const frames = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
  const functions = new Map<string, number>();
  const rooms = new Map<string, number>();
  let [busyUs, idleUs] = [0, 0];
  for (const [index, id] of (profile.samples ?? []).entries()) {
    const frame = frames.get(id);
    // A sample lasts until the next one.
    const us = Math.max(0, profile.timeDeltas?.[index + 1] ?? 0);
    if (frame === undefined) continue;
    if (frame.functionName === IDLE) {
      idleUs += us;
      continue;
    }
    busyUs += us;
    functions.set(nameOf(frame), (functions.get(nameOf(frame)) ?? 0) + us);
    rooms.set(roomOf(frame), (rooms.get(roomOf(frame)) ?? 0) + us);
  }
  return { busyUs, idleUs, functions: sorted(functions, busyUs), rooms: sorted(rooms, busyUs) };
}

function sorted(times: ReadonlyMap<string, number>, busyUs: number): Cost[] {
  return [...times]
    .map(([name, selfUs]) => ({ name, selfUs, share: busyUs === 0 ? 0 : selfUs / busyUs }))
    .toSorted((a, b) => b.selfUs - a.selfUs);
}

/** Both lists as text, the largest first. */
export function costTable(
  { busyUs, idleUs, functions, rooms }: Costs,
  top: number,
  requests: number,
): string {
  const line = ({ name, selfUs, share }: Cost) =>
    `${(share * 100).toFixed(1).padStart(6)} %  ${(selfUs / requests).toFixed(2).padStart(7)} µs  ${name}`;
  const all = busyUs + idleUs;
  const busy = all === 0 ? 0 : (busyUs / all) * 100;
  return [
    `busy ${busy.toFixed(0)} % of the time, ${(busyUs / requests).toFixed(1)} µs a request; self time:`,
    '',
    'by room',
    ...rooms.map(line),
    '',
    `by function (${Math.min(top, functions.length)} of ${functions.length})`,
    ...functions.slice(0, top).map(line),
  ].join('\n');
}
