// HOT: one lookup; what several places or several values say is never chosen from.
import type { HeaderFields } from '../core/headers.ts';
import type { TokenSource } from '../core/token-policy.ts';

/** The one token of a request, or why there is not just one. */
export type FoundToken =
  | { readonly token: string }
  | { readonly token: null; readonly fault: 'missing' | 'several' | 'malformed' };

/** A request as a token source sees it. */
export interface TokenPlace {
  readonly fields: HeaderFields;
  /** Path and query; a source in the query changes it. */
  target: string;
}

/** Finds the token of a request in the one place that is configured for it, and takes it out of there. */
export interface TokenReader {
  read(place: TokenPlace): FoundToken;
  /** Every value of it, in whatever form: what is left has none. */
  strip(place: TokenPlace): void;
  /** Strips it and puts another one there. */
  swap(place: TokenPlace, token: string): void;
}

const MISSING: FoundToken = { token: null, fault: 'missing' };
const SEVERAL: FoundToken = { token: null, fault: 'several' };
const MALFORMED: FoundToken = { token: null, fault: 'malformed' };

/** The reader for one source. */
export function tokenReader({ in: where, name }: TokenSource): TokenReader {
  switch (where) {
    case 'authorization':
      return new BearerReader();
    case 'header':
      return new HeaderReader(name);
    case 'cookie':
      return new CookieReader(name);
    case 'query':
      return new QueryReader(name);
  }
}

/** RFC 6750, section 2.1. Another scheme is no token; two fields are two opinions about who asks. */
class BearerReader implements TokenReader {
  read({ fields }: TokenPlace): FoundToken {
    const value = fields.get('authorization');
    if (value === undefined) return MISSING;
    if (fields.all('authorization').length > 1) return SEVERAL;
    if (!/^bearer(?: |$)/i.test(value)) return MISSING;
    return value.length > 7 ? { token: value.slice(7) } : MALFORMED;
  }

  strip({ fields }: TokenPlace): void {
    fields.remove('authorization');
  }

  swap({ fields }: TokenPlace, token: string): void {
    fields.set('Authorization', `Bearer ${token}`);
  }
}

class HeaderReader implements TokenReader {
  private readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  read({ fields }: TokenPlace): FoundToken {
    const value = fields.get(this.name);
    if (value === undefined) return MISSING;
    return fields.all(this.name).length > 1 ? SEVERAL : { token: value };
  }

  strip({ fields }: TokenPlace): void {
    fields.remove(this.name);
  }

  swap({ fields }: TokenPlace, token: string): void {
    fields.set(this.name, token);
  }
}

class CookieReader implements TokenReader {
  private readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  read({ fields }: TokenPlace): FoundToken {
    const values = fields
      .all('cookie')
      .flatMap((header) => header.split(';'))
      .filter((pair) => this.isOurs(pair));
    const [pair] = values;
    if (pair === undefined) return MISSING;
    return values.length > 1 ? SEVERAL : { token: pair.slice(pair.indexOf('=') + 1).trim() };
  }

  strip({ fields }: TokenPlace): void {
    const headers = fields.all('cookie');
    if (!headers.some((header) => header.split(';').some((pair) => this.isOurs(pair)))) return;
    fields.remove('cookie');
    for (const header of headers) {
      const rest = header.split(';').filter((pair) => !this.isOurs(pair));
      if (rest.length > 0) fields.append('Cookie', rest.join(';').trim());
    }
  }

  swap(place: TokenPlace, token: string): void {
    this.strip(place);
    place.fields.append('Cookie', `${this.name}=${token}`);
  }

  private isOurs(pair: string): boolean {
    const end = pair.indexOf('=');
    return (end === -1 ? pair : pair.slice(0, end)).trim() === this.name;
  }
}

/** RFC 6750, section 2.3. Servers decode names: `access%5Ftoken` is the same parameter. */
class QueryReader implements TokenReader {
  private readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  read({ target }: TokenPlace): FoundToken {
    const start = target.indexOf('?');
    if (start === -1) return MISSING;
    const values = target
      .slice(start + 1)
      .split('&')
      .filter((part) => this.isOurs(part));
    const [part] = values;
    if (part === undefined) return MISSING;
    return values.length > 1 ? SEVERAL : { token: part.slice(part.indexOf('=') + 1) };
  }

  strip(place: TokenPlace): void {
    const { target } = place;
    const start = target.indexOf('?');
    if (start === -1) return;
    const parts = target.slice(start + 1).split('&');
    const rest = parts.filter((part) => !this.isOurs(part));
    if (rest.length === parts.length) return;
    place.target = target.slice(0, start) + (rest.length === 0 ? '' : `?${rest.join('&')}`);
  }

  swap(place: TokenPlace, token: string): void {
    this.strip(place);
    place.target += `${place.target.includes('?') ? '&' : '?'}${this.name}=${token}`;
  }

  private isOurs(part: string): boolean {
    const end = part.indexOf('=');
    const name = end === -1 ? part : part.slice(0, end);
    if (name === this.name) return true;
    try {
      return decodeURIComponent(name.replaceAll('+', ' ')) === this.name;
    } catch {
      return false;
    }
  }
}
