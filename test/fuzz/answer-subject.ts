import { answerText } from '../../src/wire/head-writer.ts';
import { ANSWERS, answersOf } from './answers.ts';
import type { Draw } from './draw.ts';
import { askOracle } from './llhttp.ts';
import { cut, shown, singly } from './message.ts';
import type { Understood } from './message.ts';
import { askOurs } from './ours.ts';
import type { OurMessage, OurUnderstanding } from './ours.ts';
import { plain } from './request-subject.ts';
import type { Subject } from './subject.ts';

type Kind = 'answer' | 'head';

/**
 * Where the oracle refuses what we take, on purpose.
 * - `interimClose`: llhttp ends the connection after an interim answer with `Connection: close` (or of
 *   HTTP/1.0, which knows none); we wait for the final
 *   one, which alone decides whether the connection is used again.
 * - `trailer`: as for requests, framing fields in a trailer section are dropped and not refused.
 */
function isException(mine: OurMessage, oracle: Understood, input: string): boolean {
  if (INTERIM_CLOSE.test(input)) return true;
  return oracle.partial === mine.body && mine.answer?.framing === 'chunked' && /0\r\n[!-~]+:/.test(input);
}

const INTERIM_CLOSE =
  /HTTP\/1\.(?:0 1\d\d|1 1\d\d[^\n]*\r\n(?:[^\r\n]+\r\n)*?(?:Proxy-)?Connection:[^\n]*close)/i;

/** Answers as bytes: what the wire room alone makes of them, beside llhttp. */
export const answerSubject: Subject = {
  name: 'answers',
  corpus: ANSWERS,
  make: answersOf,
  check(input, draw) {
    const kind: Kind = draw.once(5) ? 'head' : 'answer';
    const whole = [Buffer.from(input, 'latin1')];
    const ours = askOurs(whole, kind);
    return (
      slicing(input, kind, ours, draw) ??
      judged(input, ours, askOracle(whole, kind)) ??
      ours.messages.map((message) => relayed(message, kind)).find((problem) => problem !== null) ??
      null
    );
  },
};

function slicing(input: string, kind: Kind, whole: OurUnderstanding, draw: Draw): string | null {
  const wanted = JSON.stringify(plain(whole));
  for (const pieces of [singly(input), cut(input, draw.places(input.length, 4))]) {
    const other = JSON.stringify(plain(askOurs(pieces, kind)));
    if (other !== wanted) return `cut into pieces it is another: ${shown(other)} for ${shown(wanted)}`;
  }
  return null;
}

/** Every answer we take, the oracle takes, with the same status and body. */
function judged(input: string, ours: OurUnderstanding, oracle: Understood): string | null {
  for (const [at, mine] of ours.messages.entries()) {
    const theirs = oracle.messages[at];
    if (theirs === undefined) {
      if (isException(mine, oracle, input)) return null;
      return `llhttp (${oracle.end}) does not know answer ${at}: ${shown(JSON.stringify(mine))}`;
    }
    if (theirs.status !== mine.status) return `status ${theirs.status}, ours ${mine.status}`;
    if (theirs.body !== mine.body) return `body ${shown(theirs.body)}, ours ${shown(mine.body)}`;
  }
  return null;
}

/** What a client gets is one answer, for the oracle too. */
function relayed(message: OurMessage, kind: Kind): string | null {
  const { answer, body } = message;
  if (answer === null || answer.status < 200) return null;
  const method = kind === 'head' ? 'HEAD' : 'GET';
  const head = answerText(answer, method, 1, false);
  const isChunked = /\r\nTransfer-Encoding: chunked\r\n/.test(head);
  const hasBody = kind === 'answer' && answer.status !== 204 && answer.status !== 304;
  const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`;
  const text = head + (hasBody ? (isChunked ? `${chunk}0\r\n\r\n` : body) : '');
  const { messages, end } = askOracle([Buffer.from(text, 'latin1')], kind);
  const isSame = messages.length === 1 && messages[0]?.status === answer.status && messages[0]?.body === body;
  if (isSame && end === 'clean') return null;
  return `sent as ${shown(text)} it is read as ${shown(JSON.stringify({ end, messages }))}`;
}
