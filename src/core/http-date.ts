// HOT: one text a second.
import { wallMs } from './clock.ts';

let atSecond = -1;
let text = '';

/** The current time as the Date field has it (RFC 9110, section 5.6.7). */
export function httpDate(): string {
  const second = Math.floor(wallMs() / 1000);
  if (second !== atSecond) {
    atSecond = second;
    text = new Date(second * 1000).toUTCString();
  }
  return text;
}
