import type { FilterHeaders } from '../../../core/filter-api.ts';
import { fieldRefusal } from '../../../core/filter-fields.ts';
import type { HeaderFields } from '../../../core/headers.ts';

/** The fields of one message as a filter sees them. */
export class HeaderView implements FilterHeaders {
  /** No change any more: the message is on its way, or the filter was late. */
  isFixed = false;
  private readonly fields: HeaderFields;

  constructor(fields: HeaderFields) {
    this.fields = fields;
  }

  get(name: string): string | null {
    return this.fields.get(lower(name)) ?? null;
  }
  all(name: string): string[] {
    return this.fields.all(lower(name));
  }
  has(name: string): boolean {
    return this.fields.has(lower(name));
  }
  set(name: string, value: string): void {
    this.check(name, value);
    this.fields.set(name, value);
  }
  append(name: string, value: string): void {
    this.check(name, value);
    this.fields.append(name, value);
  }
  remove(name: string): void {
    this.check(name, '');
    this.fields.remove(lower(name));
  }

  private check(name: string, value: string): void {
    if (this.isFixed) throw new Error(`${name} is changed too late: the message is on its way`);
    const refusal = fieldRefusal(lower(name), value);
    if (refusal !== null) throw new Error(refusal);
  }
}

function lower(name: string): string {
  return name.toLowerCase();
}
