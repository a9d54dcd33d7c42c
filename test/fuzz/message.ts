/** One message as a parser understood it. */
export interface Message {
  /** '' for an answer. */
  readonly method: string;
  readonly target: string;
  /** 0 for a request. */
  readonly status: number;
  readonly minorVersion: number;
  /** name, value, … in order. */
  readonly fields: readonly string[];
  readonly body: string;
}

/** What a parser made of bytes. */
export interface Understood {
  /** Complete messages, in order. */
  readonly messages: readonly Message[];
  /** Body of a message that was not complete, or null. */
  readonly partial: string | null;
  /**
   * `clean`: ends between two messages. `partial`: more bytes were wanted. `refused`: the rest breaks the protocol.
   * `closed`: the last message ended the connection, and the rest was not looked at.
   */
  readonly end: 'clean' | 'partial' | 'refused' | 'closed';
}

/** latin1 text as buffers, cut at these places. */
export function cut(text: string, places: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text, 'latin1');
  const pieces: Buffer[] = [];
  let from = 0;
  for (const place of places) {
    if (place <= from || place >= bytes.length) continue;
    pieces.push(bytes.subarray(from, place));
    from = place;
  }
  pieces.push(bytes.subarray(from));
  return pieces;
}

/** latin1 text, one byte a buffer. */
export function singly(text: string): Buffer[] {
  return cut(
    text,
    Array.from({ length: text.length }, (_, at) => at),
  );
}

/** Text for a failure report: what a terminal could obey is escaped. */
export function shown(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\u00ff]/g,
    (char) => String.raw`\x${char.charCodeAt(0).toString(16)}`,
  );
}
