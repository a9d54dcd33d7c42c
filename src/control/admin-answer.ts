import type { ServerResponse } from 'node:http';
import { CutoverError, messageOf } from '../core/errors.ts';
import type { Refusal } from '../rollout/command.ts';
import type { ErrorAnswer } from './schema/commands.ts';

/** A request that is refused before it reaches the backend, with the HTTP status that says so. */
export class AdminError extends CutoverError {
  readonly status: number;

  /** @param failure `exitCode` is what the command line ends with */
  constructor(
    status: number,
    failure: {
      readonly code: string;
      readonly message: string;
      readonly hint: string;
      readonly exitCode: number;
    },
  ) {
    super(failure.code, failure.message, failure);
    this.status = status;
  }
}

const STATUS_BY_CODE: Readonly<Record<string, number>> = { STORE_DOWN: 503, CLOSED: 503 };
const STATUS_BY_EXIT_CODE: Readonly<Record<number, number>> = {
  1: 500,
  2: 400,
  3: 409,
  4: 409,
  5: 409,
  6: 503,
  7: 409,
};

function statusOf(code: string, exitCode: number): number {
  return STATUS_BY_CODE[code] ?? STATUS_BY_EXIT_CODE[exitCode] ?? 500;
}

/** Answers text of any kind. */
export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  contentType = 'text/plain; charset=utf-8',
): void {
  const body = Buffer.from(text);
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': body.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}

/** Answers one JSON object. */
export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  sendText(response, status, `${JSON.stringify(value)}\n`, 'application/json; charset=utf-8');
}

/** Answers a command that the rollout refused. */
export function sendRefusal(response: ServerResponse, { code, message, hint, exitCode }: Refusal): void {
  sendJson(response, statusOf(code, exitCode), {
    error: { code, message, hint, exitCode },
  } satisfies ErrorAnswer);
}

/** Answers anything that was thrown. @returns false when it is a defect and belongs into the log */
export function sendThrown(response: ServerResponse, thrown: unknown): boolean {
  const expected = thrown instanceof CutoverError;
  if (response.headersSent) {
    response.destroy();
    return expected;
  }
  if (!expected) {
    const error = {
      code: 'INTERNAL',
      message: messageOf(thrown),
      hint: 'see the log of the gateway',
      exitCode: 1,
    };
    sendJson(response, 500, { error } satisfies ErrorAnswer);
    return false;
  }
  const { code, message, hint, exitCode } = thrown;
  const detail = 'detail' in thrown && typeof thrown.detail === 'string' ? { detail: thrown.detail } : {};
  const status = thrown instanceof AdminError ? thrown.status : statusOf(code, exitCode);
  // After a refusal the rest of a body may still be on its way: it is not read.
  if (thrown instanceof AdminError) response.setHeader('connection', 'close');
  if (status === 401) response.setHeader('www-authenticate', 'Bearer realm="cutover admin"');
  sendJson(response, status, { error: { code, message, hint, exitCode, ...detail } } satisfies ErrorAnswer);
  return true;
}
