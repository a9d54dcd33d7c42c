// HOT: one scan of the path.

const NUMBER = /^\d+$/;
const HEX_ID = /^(?=.*\d)[0-9a-f]{8,}$/i;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const LONGEST_WORD = 40;

/** The template of one path, see `EndpointTable`: `/users/123` → `/users/{id}`. */
export function templateOf(path: string): string {
  return path
    .split('/')
    .map((segment) => (isId(segment) ? '{id}' : segment))
    .join('/');
}

function isId(segment: string): boolean {
  return NUMBER.test(segment) || HEX_ID.test(segment) || UUID.test(segment) || segment.length > LONGEST_WORD;
}
