import { stickyPosition } from '../core/hash.ts';
import type { ScriptedAnswer } from './schema-upstreams.ts';

/** One answer, ready to be sent. */
export interface ReadyAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Milliseconds until it is sent. */
  readonly delayMs: number;
}

/** Answers a request whose method and path are known. */
export type Answerer = (method: string, target: string, key: string) => ReadyAnswer;

interface Compiled {
  readonly plan: ScriptedAnswer;
  readonly path: RegExp;
  readonly names: readonly string[];
}

const PLACEHOLDER = /\{([A-Za-z]\w*)\}/g;
const FILLER = Buffer.from('cutover rehearsal filler\n');

/** What a `p99` that is left out is to the median: an ordinary service. */
const USUAL_TAIL = 4;

/** The standard normal distribution: 99 of 100 draws are below. */
const Z_99 = 2.326_348;

/**
 * The scripted answers of one upstream. The same request always gets the same answer and takes the same time.
 * @param seed draws how long one answer takes; upstreams that share it take equally long for the same request, as services
 *   do that have the same work to do
 */
export function answererOf(plans: readonly ScriptedAnswer[], seed: number): Answerer {
  const compiled = plans.map(compile);
  return (method, target, key) => {
    const path = target.split('?', 1)[0] ?? '/';
    const found = compiled.find(({ plan, path: pattern }) => fits(plan, method) && pattern.test(path));
    return found === undefined ? notFound() : fill(found, path, normal(seed, key));
  };
}

/** A HEAD request is answered as a GET without its body. */
function fits({ method }: ScriptedAnswer, asked: string): boolean {
  return method === undefined || method === asked || (method === 'GET' && asked === 'HEAD');
}

function compile(plan: ScriptedAnswer): Compiled {
  const names = [...plan.path.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '');
  const pattern = plan.path
    .split(PLACEHOLDER)
    .map((part, index) => (index % 2 === 0 ? escaped(part) : '([^/]+)'))
    .join('');
  return { plan, names, path: new RegExp(`^${pattern}${plan.path.endsWith('/') ? '' : '$'}`) };
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function fill({ plan, path: pattern, names }: Compiled, path: string, drawn: number): ReadyAnswer {
  const values = pattern.exec(path)?.slice(1) ?? [];
  const segments = new Map(names.map((name, index) => [name, values[index] ?? '']));
  const { body, type } = bodyOf(plan, segments);
  const bodiless = plan.status === 204 || plan.status === 304;
  return {
    status: plan.status,
    headers: bodiless ? plan.headers : { 'content-type': type, ...plan.headers },
    body: bodiless ? Buffer.alloc(0) : body,
    delayMs: delayOf(plan, drawn),
  };
}

/** Log-normal, as answer times are: a few take very long. */
function delayOf({ latency, p99 = latency * USUAL_TAIL }: ScriptedAnswer, drawn: number): number {
  return latency === 0 ? 0 : latency * (p99 / latency) ** (drawn / Z_99);
}

/** One draw of the standard normal distribution (Box and Muller 1958), by the key alone. */
function normal(seed: number, key: string): number {
  const [one, other] = [stickyPosition(seed, key), stickyPosition(~seed, key)];
  return Math.sqrt(-2 * Math.log(1 - one)) * Math.cos(2 * Math.PI * other);
}

function bodyOf(plan: ScriptedAnswer, segments: ReadonlyMap<string, string>): { body: Buffer; type: string } {
  if (plan.bytes !== undefined)
    return { body: Buffer.alloc(plan.bytes, FILLER), type: 'application/octet-stream' };
  if (plan.json === undefined)
    return { body: Buffer.from(filled(plan.text ?? 'ok', segments)), type: 'text/plain' };
  return { body: Buffer.from(JSON.stringify(filledIn(plan.json, segments))), type: 'application/json' };
}

function filled(text: string, segments: ReadonlyMap<string, string>): string {
  return text.replace(PLACEHOLDER, (whole, name: string) => segments.get(name) ?? whole);
}

function filledIn(value: unknown, segments: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return filled(value, segments);
  if (Array.isArray(value)) return value.map((item) => filledIn(item, segments));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filledIn(item, segments)]));
}

function notFound(): ReadyAnswer {
  const body = Buffer.from('{"error":"not found"}');
  return { status: 404, headers: { 'content-type': 'application/json' }, body, delayMs: 0 };
}
