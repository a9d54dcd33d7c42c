// HOT: lookup tables, built once; a byte is classified by one indexed load.

export const CR = 13;
export const LF = 10;
export const SP = 32;
export const HTAB = 9;
export const COLON = 58;

/** 1 where a byte may stand in a token (RFC 9110, section 5.6.2). */
export const TCHAR = tableOf((code) => /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(code)));

/** 1 where a byte may stand in a field value: no control bytes but HTAB (RFC 9110, section 5.5). */
export const FIELD_BYTE = tableOf((code) => code === HTAB || (code >= SP && code !== 127));

/** 1 where a byte may stand in a request line: no control bytes; bytes above 127 are looked at as UTF-8 later. */
export const REQUEST_LINE_BYTE = tableOf((code) => code >= SP && code !== 127);

/** 1 where a byte may stand raw in a path: printable ASCII without backslash, `#` and `?`. */
export const PATH_BYTE = tableOf(
  (code) => code > SP && code < 127 && !'\\#?'.includes(String.fromCharCode(code)),
);

/** 1 where a byte may stand raw in a query: printable ASCII without `#`. */
export const QUERY_BYTE = tableOf((code) => code > SP && code < 127 && code !== 35);

/** 1 where an escape stands for a byte that needs none (RFC 3986, section 2.3). */
export const UNRESERVED = tableOf((code) => /[A-Za-z0-9\-._~]/.test(String.fromCharCode(code)));

/** 1 where a byte may stand in a method: what nginx takes, which covers every registered method. */
export const METHOD_BYTE = tableOf((code) => /[A-Z_-]/.test(String.fromCharCode(code)));

/** The value of a hexadecimal digit, -1 for every other byte. */
export const HEX_VALUE = Int8Array.from({ length: 256 }, (_, code) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase());
  return digit;
});

function tableOf(holds: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (holds(code) ? 1 : 0));
}

/** Whether every character of `text` is marked in `table`; characters above 255 never are. */
export function allIn(table: Uint8Array, text: string, from = 0): boolean {
  for (let index = from; index < text.length; index += 1) {
    if (table[text.charCodeAt(index)] !== 1) return false;
  }
  return true;
}
