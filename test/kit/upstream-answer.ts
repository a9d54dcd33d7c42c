/** One request as it arrived; the body grows until `complete`. */
export interface Received {
  /** 1 for the first request this upstream saw. */
  readonly number: number;
  /** 1 for the first connection it accepted. */
  readonly connection: number;
  readonly method: string;
  readonly target: string;
  /** name, value, name, value, … exactly as received. */
  readonly rawHeaders: readonly string[];
  /** All values of a header in any case, in order. */
  readonly all: (name: string) => string[];
  /** The first value of a header in any case, or undefined. */
  readonly header: (name: string) => string | undefined;
  body: Buffer;
  /** The whole body arrived. */
  complete: boolean;
  /** Monotonic milliseconds at its head. */
  readonly atMs: number;
}

/** What a service answers. An object as body is sent as JSON. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer | object;
}

export type Responder = (request: Received) => Answer | Promise<Answer>;

/** A wrong answer among right ones. */
export interface Lie {
  readonly status?: number;
  /** Dotted path of a JSON field, `user.name`; its value becomes `value`, or goes when `value` is absent. */
  readonly field?: string;
  readonly value?: unknown;
  /** Header to set, or to remove with null. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** Lies on every n-th request only; 1 unless said otherwise. */
  readonly every?: number;
}

/** An answer ready for the wire. */
export interface ReadyAnswer {
  readonly status: number;
  readonly headers: Record<string, string | string[]>;
  readonly body: Buffer;
}

/** Turns an answer into bytes, with a Content-Length. */
export function ready(answer: Answer): ReadyAnswer {
  const { status = 200, body = '' } = answer;
  const headers: Record<string, string | string[]> = {};
  let bytes: Buffer;
  if (Buffer.isBuffer(body)) bytes = body;
  else if (typeof body === 'string') bytes = Buffer.from(body);
  else {
    bytes = Buffer.from(JSON.stringify(body));
    headers['content-type'] = 'application/json';
  }
  for (const [name, value] of Object.entries(answer.headers ?? {})) {
    headers[name] = typeof value === 'string' ? value : [...value];
  }
  const bodiless = status < 200 || status === 204 || status === 304;
  if (!bodiless) headers['content-length'] ??= String(bytes.length);
  return { status, headers, body: bodiless ? Buffer.alloc(0) : bytes };
}

/** The answer with the lie in it. */
export function applyLie(answer: Answer, lie: Lie): Answer {
  const headers: Record<string, string | readonly string[]> = { ...answer.headers };
  for (const [name, value] of Object.entries(lie.headers ?? {})) {
    if (value === null) delete headers[name];
    else headers[name] = value;
  }
  return {
    status: lie.status ?? answer.status ?? 200,
    headers,
    body: lie.field === undefined ? (answer.body ?? '') : withField(answer.body, lie.field, lie.value),
  };
}

function withField(body: Answer['body'], path: string, value: unknown): object {
  const copy = JSON.parse(typeof body === 'string' ? body : JSON.stringify(body ?? {})) as object;
  const names = path.split('.');
  const last = names.pop() ?? '';
  let target = copy as Record<string, unknown>;
  for (const name of names) target = (target[name] ??= {}) as Record<string, unknown>;
  if (value === undefined) delete target[last];
  else target[last] = value;
  return copy;
}
