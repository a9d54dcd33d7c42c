import type { Draw } from './draw.ts';

/** Bytes that mean something to one parser or another. */
const TELLING = [
  ...'\0\t\n\v\f\r :;,/?#%\\"\'()<>@[]{}=&|^`~_+-.*!$0159aAfFxXgG\x7f\x80\xa0\x85\xc2\xff'.split(''),
  '\r\n',
  '\r\n\r\n',
  '\n\n',
  '\r\r\n',
  '\n\r',
  '0\r\n\r\n',
  '%00',
  '%0d%0a',
  '%2e',
  '%2f',
  '%5c',
  ';a=b',
  ', ',
  '0x',
  '\r\nTransfer-Encoding: chunked',
  '\r\nContent-Length: 1',
  '\r\nHost: b',
  '\r\n X: folded',
  ' HTTP/1.1',
  'chunked',
];

/** One to three small changes: a byte replaced, put in, taken away or doubled, a slice moved, the end cut off. */
export function mutate(text: string, draw: Draw, other: string): string {
  let changed = text;
  for (let step = draw.below(3); step >= 0; step -= 1) changed = once(changed, draw, other);
  return changed;
}

function once(text: string, draw: Draw, other: string): string {
  const at = draw.below(text.length + 1);
  const length = 1 + draw.below(draw.once(3) ? 30 : 2);
  const slice = text.slice(at, at + length);
  switch (draw.below(9)) {
    case 0:
    case 1:
      return text.slice(0, at) + draw.of(TELLING) + text.slice(at + 1);
    case 2:
    case 3:
      return text.slice(0, at) + draw.of(TELLING) + text.slice(at);
    case 4:
      return text.slice(0, at) + text.slice(at + length);
    case 5:
      return text.slice(0, at) + slice + text.slice(at);
    case 6: {
      const to = draw.below(text.length + 1);
      return text.slice(0, to) + slice + text.slice(to);
    }
    case 7:
      return text.slice(0, at) + other.slice(draw.below(other.length + 1));
    default:
      return text.slice(0, at) + String.fromCharCode(draw.below(256)) + text.slice(at + 1);
  }
}
