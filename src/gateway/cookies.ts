// HOT: a scan without splitting.
import type { HeaderFields } from '../core/headers.ts';

/** The first value of a cookie (RFC 6265, section 5.4), or undefined. */
export function cookieValue(fields: HeaderFields, name: string): string | undefined {
  for (const header of fields.all('cookie')) {
    const found = inHeader(header, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function inHeader(header: string, name: string): string | undefined {
  let start = 0;
  while (start < header.length) {
    let end = header.indexOf(';', start);
    if (end < 0) end = header.length;
    while (header[start] === ' ') start += 1;
    if (header.startsWith(name, start) && header[start + name.length] === '=') {
      return header.slice(start + name.length + 1, end);
    }
    start = end + 1;
  }
  return undefined;
}
