/** Values by the name that stands in `${NAME}`. */
export type Names = Readonly<Record<string, string>>;

const NAME = /\$\{([A-Za-z0-9][A-Za-z0-9_.-]*)\}/g;

/** Puts known names into a text; anything else, such as a variable of NGINX, stays as it is. */
export function fillText(text: string, names: Names): string {
  return text.replace(NAME, (whole, name: string) =>
    Object.hasOwn(names, name) ? (names[name] as string) : whole,
  );
}

/** Puts known names into every text of a value; keys are left alone. */
export function fillValue(value: unknown, names: Names): unknown {
  if (typeof value === 'string') return fillText(value, names);
  if (Array.isArray(value)) return value.map((item) => fillValue(item, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillValue(item, names)]));
}
