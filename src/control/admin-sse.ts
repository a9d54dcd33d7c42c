import { LIMITS } from '../core/limits.ts';

/**
 * Takes a stream of server-sent events apart (HTML Living Standard, section 9.2.6), as far as this API uses it:
 * the data of each event; comments, names, ids and retry times are skipped.
 */
export class EventParser {
  private readonly decoder = new TextDecoder();
  private rest = '';
  private data: string[] = [];
  private held = 0;

  /**
   * @returns data of the events that are complete with this chunk
   * @throws RangeError when one event is longer than `LIMITS.adminEventBytes`
   */
  push(chunk: Uint8Array): string[] {
    this.rest += this.decoder.decode(chunk, { stream: true });
    const lines = this.rest.split('\n');
    this.rest = lines.pop() as string;
    const events: string[] = [];
    for (const line of lines) this.take(line.endsWith('\r') ? line.slice(0, -1) : line, events);
    if (this.rest.length > LIMITS.adminEventBytes) throw new RangeError('an event is too long');
    return events;
  }

  private take(line: string, events: string[]): void {
    if (line === '') {
      if (this.data.length > 0) events.push(this.data.join('\n'));
      this.data = [];
      this.held = 0;
      return;
    }
    if (!line.startsWith('data:')) return;
    this.held += line.length;
    if (this.held > LIMITS.adminEventBytes) throw new RangeError('an event is too long');
    this.data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
  }
}
