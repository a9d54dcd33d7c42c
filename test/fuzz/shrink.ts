/** Checks a smaller input; true when it still fails. */
type StillFails = (input: string) => Promise<boolean>;

/** Tries of one shrinking: enough for inputs of this size, and a bound. */
const MAX_TRIES = 2_000;

/**
 * Makes a failing input smaller: takes slices away, large ones first, then makes single bytes plainer.
 * @returns an input that still fails
 */
export async function shrink(input: string, stillFails: StillFails): Promise<string> {
  let smallest = input;
  let tries = 0;
  const attempt = async (candidate: string): Promise<boolean> => {
    tries += 1;
    if (tries > MAX_TRIES || !(await stillFails(candidate))) return false;
    smallest = candidate;
    return true;
  };
  for (let size = Math.ceil(input.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < smallest.length;) {
      if (!(await attempt(smallest.slice(0, at) + smallest.slice(at + size)))) at += size;
    }
  }
  for (let at = 0; at < smallest.length; at += 1) {
    if (/[\r\n a]/.test(smallest[at] ?? '')) continue;
    await attempt(`${smallest.slice(0, at)}a${smallest.slice(at + 1)}`);
  }
  return smallest;
}
