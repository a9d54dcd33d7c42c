import type { FailureCode } from '../core/errors.ts';
import type { Inbound, InboundHandler } from '../wire/types.ts';
import { failureAnswer, headOf } from './answers.ts';

/** Answers a client that may not ask, and ends its connection: nothing it sent reaches a lane or a copy. */
export function deny(inbound: Inbound, code: FailureCode): void {
  const answer = failureAnswer(code);
  inbound.handle(DENIED);
  inbound.closeAfter();
  inbound.respond(headOf(answer));
  if (inbound.head.method !== 'HEAD') inbound.write(Buffer.from(answer.body));
  inbound.end();
}

const DENIED: InboundHandler = {
  onBody() {},
  onBodyEnd() {},
  onWritable() {},
  onFinished() {},
  onAbort() {},
};
