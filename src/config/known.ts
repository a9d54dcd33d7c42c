import type { z } from 'zod';
import type { Path } from './problem.ts';

/** The parts of a zod schema that lead from a path to the schema of its value. */
interface Definition {
  readonly type: string;
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly element?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
}

function definition(schema: z.core.$ZodType): Definition {
  return schema._zod.def;
}

/** The schemas that a value may have: the branches of a union, without the wrappers around them. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType[] {
  const { innerType, in: input, options } = definition(schema);
  if (innerType !== undefined) return unwrap(innerType);
  if (input !== undefined) return unwrap(input);
  return options === undefined ? [schema] : options.flatMap(unwrap);
}

function step(schema: z.core.$ZodType, part: string | number): z.core.$ZodType[] {
  const { shape, element, valueType } = definition(schema);
  if (typeof part === 'number') return element === undefined ? [] : unwrap(element);
  const next = shape !== undefined && Object.hasOwn(shape, part) ? shape[part] : valueType;
  return next === undefined ? [] : unwrap(next);
}

/** Every schema that the value at a path may have; none where the path leaves the schema. */
function schemasAt(root: z.core.$ZodType, path: Path): z.core.$ZodType[] {
  return path.reduce<z.core.$ZodType[]>(
    (schemas, part) => schemas.flatMap((schema) => step(schema, part)),
    unwrap(root),
  );
}

/** The keys that a schema knows at a path, in the order of the schema; empty where any key is allowed. */
export function knownKeys(root: z.core.$ZodType, path: Path): string[] {
  return schemasAt(root, path).flatMap((schema) => Object.keys(definition(schema).shape ?? {}));
}

/** Every path of the schema, list indices and map names as `*`: for the documentation of keys and for tests. */
export function allPaths(root: z.core.$ZodType): string[] {
  const paths: string[] = [];
  const walk = (schema: z.core.$ZodType, path: string): void => {
    for (const branch of unwrap(schema)) {
      const { shape, element, valueType } = definition(branch);
      if (path !== '') paths.push(path);
      for (const [key, value] of Object.entries(shape ?? {}))
        walk(value, path === '' ? key : `${path}.${key}`);
      if (element !== undefined) walk(element, `${path}.*`);
      if (valueType !== undefined) walk(valueType, `${path}.*`);
    }
  };
  walk(root, '');
  return [...new Set(paths)];
}
