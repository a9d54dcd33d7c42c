// HOT: no allocation unless a route asks for a parameter of the query.
import type { HeaderFields } from '../../core/headers.ts';
import type { FieldMatch, RouteMatch } from '../../core/snapshot.ts';

const NONE: readonly FieldMatch[] = [];

/** What conditions are held against; one object is reused for all requests. */
export class Asked {
  method = '';
  private fields: HeaderFields | null = null;
  private target = '';
  private parameters: URLSearchParams | null = null;

  /** @param fields null: it has none */
  take(method: string, fields: HeaderFields | null, target: string): void {
    this.method = method;
    this.fields = fields;
    this.target = target;
    this.parameters = null;
  }

  /** Gives up what it holds of the request. */
  clear(): void {
    this.fields = null;
    this.parameters = null;
  }

  /** Whether method, headers and parameters are what a route asks for. */
  meets({ methods, headers = NONE, query = NONE }: RouteMatch): boolean {
    if (methods.length > 0 && !methods.includes(this.method)) return false;
    for (const header of headers) if (!this.hasHeader(header)) return false;
    for (const parameter of query) if (!this.hasParameter(parameter)) return false;
    return true;
  }

  /** Whether one of the fields of this name has the value. */
  hasHeader({ name, value }: FieldMatch): boolean {
    if (this.fields === null) return false;
    if (value === null) return this.fields.has(name);
    return this.fields.get(name) === value || this.fields.all(name).includes(value);
  }

  /** Whether one of the parameters of this name has the value. They are decoded once, `+` is a space. */
  hasParameter({ name, value }: FieldMatch): boolean {
    const parameters = (this.parameters ??= parametersOf(this.target));
    return value === null ? parameters.has(name) : parameters.has(name, value);
  }
}

function parametersOf(target: string): URLSearchParams {
  const mark = target.indexOf('?');
  return new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1));
}
