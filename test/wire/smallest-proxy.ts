import type { FailureCode } from '../../src/core/errors.ts';
import { HeaderFields } from '../../src/core/headers.ts';
import type {
  Inbound,
  InboundHandler,
  Outbound,
  OutboundHandler,
  Pool,
  ResponseHead,
} from '../../src/wire/types.ts';

/** The smallest proxy that these interfaces allow: it shows that they are enough. */
export class SmallestProxy implements InboundHandler, OutboundHandler {
  private readonly inbound: Inbound;
  private readonly outbound: Outbound;

  constructor(inbound: Inbound, pool: Pool) {
    this.inbound = inbound;
    inbound.handle(this);
    this.outbound = pool.call(inbound.head, this);
  }

  onBody(chunk: Buffer): void {
    if (!this.outbound.write(chunk)) this.inbound.pause();
  }
  onBodyEnd(): void {
    this.outbound.end();
  }
  onAbort(): void {
    this.outbound.abort();
  }
  onFinished(): void {
    // Nothing is left to do.
  }
  onSent(): void {
    // Nothing is measured here.
  }
  onInform(status: number, fields: HeaderFields): void {
    this.inbound.inform(status, fields);
  }
  onHead(head: ResponseHead): void {
    this.inbound.respond(head);
  }
  onData(chunk: Buffer): void {
    if (!this.inbound.write(chunk)) this.outbound.pause();
  }
  onEnd(): void {
    this.inbound.end();
  }
  onFailure(code: FailureCode): void {
    if (this.inbound.bytesOut > 0) return this.inbound.destroy();
    this.inbound.respond({
      status: 502,
      reason: code,
      fields: new HeaderFields(),
      framing: 'none',
      contentLength: -1,
    });
    this.inbound.end();
  }
  /** Room on either side; whichever it is, the other one may go on. */
  onWritable(): void {
    this.inbound.resume();
    this.outbound.resume();
  }
}
