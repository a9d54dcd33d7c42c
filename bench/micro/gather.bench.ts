import { bench, do_not_optimize, summary } from 'mitata';
import { putText, textOf } from '../../src/wire/latin1.ts';
import { ANSWER_HEAD, jsonBody } from './samples.ts';

/** Head and body of a small answer as the bytes of one write. */
export function gather(): void {
  const body = jsonBody();
  const target = Buffer.allocUnsafe(16 * 1024);
  summary(() => {
    bench('write: head and body as one latin1 text into a reused buffer', () => {
      do_not_optimize(putText(target, ANSWER_HEAD + textOf(body, 0, body.length), 0));
    }).baseline(true);
    bench('write: Buffer.concat of head and body', () => {
      do_not_optimize(Buffer.concat([Buffer.from(ANSWER_HEAD, 'latin1'), body]));
    });
  });
}
