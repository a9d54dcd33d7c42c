import { METRICS, type MetricInfo, type MetricName } from './metrics.ts';

type LabelValue = string | number;

/**
 * A page in the Prometheus text format, version 0.0.4: every family once, in the order of the table, its series sorted,
 * so that two pages can be compared.
 */
export class MetricsPage {
  private readonly series = new Map<MetricName, string[]>();

  /** One sample. @param values one for each label of the table, in its order */
  add(name: MetricName, values: readonly LabelValue[], value: number): void {
    this.line(name, `${name}${braces(pairsOf(METRICS[name].labels, values))} ${value}`);
  }

  /**
   * One histogram.
   * @param bounds upper bounds in the unit of the metric, rising
   * @param counts samples up to each bound; the last one is of all
   */
  addHistogram(
    name: MetricName,
    values: readonly LabelValue[],
    { bounds, counts, sum }: { bounds: readonly number[]; counts: readonly number[]; sum: number },
  ): void {
    const pairs = pairsOf(METRICS[name].labels, values);
    const lines = counts.map((count, index) => {
      const bound = index < bounds.length ? String(bounds[index]) : '+Inf';
      return `${name}_bucket${braces([...pairs, `le="${bound}"`])} ${count}`;
    });
    const total = counts[counts.length - 1] ?? 0;
    lines.push(`${name}_sum${braces(pairs)} ${sum}`, `${name}_count${braces(pairs)} ${total}`);
    this.line(name, lines.join('\n'));
  }

  private line(name: MetricName, text: string): void {
    const lines = this.series.get(name);
    if (lines === undefined) this.series.set(name, [text]);
    else lines.push(text);
  }

  /** The whole page. */
  text(): string {
    const families = Object.entries(METRICS) as [MetricName, MetricInfo][];
    const parts = families.flatMap(([name, { type, help }]) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...(this.series.get(name) ?? []).toSorted(),
    ]);
    return `${parts.join('\n')}\n`;
  }
}

function pairsOf(labels: readonly string[], values: readonly LabelValue[]): string[] {
  return labels.map((label, index) => `${label}="${escaped(String(values[index]))}"`);
}

function braces(pairs: readonly string[]): string {
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
