import { AccessLogReader } from './access-log.ts';
import { GoReplayReader } from './go-replay.ts';
import { HarReader } from './har.ts';
import type { CaptureFormat, CaptureReader } from './types.ts';

/**
 * What a capture is written in, by its first bytes: its name may say anything.
 * @param head the first bytes, decompressed; the more the surer
 */
export function formatOf(head: Buffer): CaptureFormat {
  const text = head.toString('latin1').replace(/^(?:\u00ef\u00bb\u00bf)?\s+|^\u00ef\u00bb\u00bf/, '');
  if (/^[123] [0-9A-Za-z-]{1,64} \d{1,19}(?: -?\d{1,19})?\r?\n/.test(text)) return 'gor';
  if (!text.startsWith('{')) return 'log';
  const [first = ''] = text.split('\n', 1);
  return /^\{\s*"log"\s*:\s*\{/.test(text) || !first.includes('}') ? 'har' : 'log';
}

/** The reader of a format. */
export function readerOf(format: CaptureFormat): CaptureReader {
  switch (format) {
    case 'gor':
      return new GoReplayReader();
    case 'log':
      return new AccessLogReader();
    case 'har':
      return new HarReader();
  }
}
