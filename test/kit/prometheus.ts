/** One series of a page, as a Prometheus server reads it. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface MetricsFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;
const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (NaN|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;

/**
 * Reads the Prometheus text format, version 0.0.4, strictly; written from its description and from nothing of ours.
 * @throws on anything the format does not allow, on a family in two places, and on a series that stands twice
 */
export function readMetrics(page: string): MetricsFamily[] {
  if (!page.endsWith('\n')) throw new Error('the last line has no end');
  const families: (MetricsFamily & { samples: Sample[] })[] = [];
  const seen = new Set<string>();
  for (const line of page.slice(0, -1).split('\n')) {
    const comment = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    const current = families.at(-1);
    if (comment?.[1] === 'HELP') {
      const [, , name = '', help = ''] = comment;
      if (families.some((family) => family.name === name)) throw new Error(`${name} stands twice`);
      families.push({ name, help, type: '', samples: [] });
    } else if (comment?.[1] === 'TYPE') {
      if (current === undefined || current.name !== comment[2] || current.type !== '')
        throw new Error(`TYPE out of place: ${line}`);
      families[families.length - 1] = { ...current, type: comment[3] ?? '' };
    } else {
      const sample = readSample(line);
      const suffix = current === undefined ? null : sample.name.slice(current.name.length);
      const allowed = current?.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
      if (suffix === null || !sample.name.startsWith(current?.name ?? '') || !allowed.includes(suffix))
        throw new Error(`outside of its family: ${line}`);
      const pairs = Object.entries(sample.labels).map(([label, value]) => JSON.stringify([label, value]));
      const key = `${sample.name} ${pairs.toSorted().join(' ')}`;
      if (seen.has(key)) throw new Error(`stands twice: ${line}`);
      seen.add(key);
      current?.samples.push(sample);
    }
  }
  return families;
}

function readSample(line: string): Sample {
  const match = LINE.exec(line);
  if (match === null) throw new Error(`no sample: ${line}`);
  const [, name = '', text = '', value = ''] = match;
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const pair = LABEL.exec(text);
    if (pair === null) throw new Error(`broken labels: ${line}`);
    const [, label = '', quoted = ''] = pair;
    if (label in labels) throw new Error(`a label twice: ${line}`);
    labels[label] = quoted.replaceAll(/\\(.)/g, (_all, letter: string) => (letter === 'n' ? '\n' : letter));
  }
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) };
}

/** The sum of all samples of a name whose labels include these. */
export function sumOf(
  families: readonly MetricsFamily[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  return families
    .flatMap(({ samples }) => samples)
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
    .reduce((sum, { value }) => sum + value, 0);
}
