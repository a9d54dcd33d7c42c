import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { LIMITS } from '../core/limits.ts';
import { AdminError } from './admin-answer.ts';

/**
 * Reads a body, bounded, and holds it against a schema.
 * @throws AdminError BODY_TOO_LARGE, BAD_JSON, BAD_REQUEST
 */
export async function readBody<T>(
  request: IncomingMessage,
  schema: z.ZodType<T>,
  limit: number = LIMITS.adminBodyBytes,
): Promise<T> {
  return checked(schema, parse(await collect(request, limit)));
}

/** A value that fits the schema. @throws AdminError BAD_REQUEST that names every problem */
export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'request'}: ${message}`,
  );
  throw bad(400, 'BAD_REQUEST', problems.slice(0, 10).join('; '));
}

async function collect(request: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Ends early without destroying the socket, so that the refusal can be sent on it.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).length;
    if (bytes > limit) throw tooLarge(limit);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw bad(400, 'BAD_JSON', 'the body is not JSON in UTF-8');
  }
}

function tooLarge(limit: number): AdminError {
  return bad(413, 'BODY_TOO_LARGE', `this command has at most ${limit} bytes`);
}

function bad(status: number, code: string, message: string): AdminError {
  return new AdminError(status, { code, message, hint: 'use the command line: cutover --help', exitCode: 2 });
}
