import {
  around,
  count,
  milliseconds,
  percent,
  rate,
  sayP99Delta,
  signedMilliseconds,
  time,
} from './figures.ts';
import { accountingSection, differencesSection, historySection } from './markdown-evidence.ts';
import { coverageSection, gatesSection, verdictSection } from './markdown-gates.ts';
import { code, table } from './markdown-text.ts';
import type { Report } from './schema.ts';

/** Lets a bot that comments find its own comment again. */
const MARKER = '<!-- cutover-report -->';

/** The report for people, as GitHub-flavoured Markdown. The first screen says what to do, the rest says why. */
export function reportMarkdown(report: Report): string {
  return [
    `${MARKER}\n# Cutover report\n`,
    verdictSection(report),
    gatesSection(report),
    differencesSection(report),
    latencySection(report),
    accountingSection(report),
    coverageSection(report),
    historySection(report),
    footer(report),
  ].join('\n');
}

type Quantiles = Omit<Report['pairLatency']['delta'], 'p99LowMs' | 'p99HighMs'>;

function latencySection({ lanes, pairLatency }: Report): string {
  const { legacy, candidate, delta } = pairLatency;
  const rows = [
    laneRow('legacy', lanes.legacy),
    laneRow('candidate', lanes.candidate),
    ['legacy, pairs', count(legacy.samples), '', '', ...quantiles(legacy, milliseconds)],
    ['candidate, pairs', count(candidate.samples), '', '', ...quantiles(candidate, milliseconds)],
    ['**delta**, pairs', '', '', '', ...quantiles(delta, signedMilliseconds)],
  ];
  const numbers = ['requests', 'per s', 'bad', 'p50', 'p90', 'p99', 'p99.9'];
  const note =
    'Pairs are the same requests on both lanes. `-`: fewer than ten samples lie beyond the quantile.\n' +
    `${sayP99Delta(delta)}.\n`;
  return `## Latency of both lanes\n\n${table(['lane', ...numbers], rows, numbers)}\n${note}`;
}

function laneRow(name: string, lane: Report['lanes']['legacy']): string[] {
  const { requests, bad, badRatio, perSecond, latency } = lane;
  const share = badRatio === null ? '' : ` (${percent(badRatio)})`;
  return [
    name,
    count(requests),
    rate(perSecond),
    `${count(bad)}${share}`,
    ...quantiles(latency, milliseconds),
  ];
}

function quantiles(
  { p50Ms, p90Ms, p99Ms, p999Ms }: Quantiles,
  text: (ms: number | null) => string,
): string[] {
  return [p50Ms, p90Ms, p99Ms, p999Ms].map(text);
}

function footer({ meta, gate }: Report): string {
  const { build, configHash, epoch, madeAtMs, fromMs, toMs, windows } = meta;
  const pace = gate.pairsPerSecond === null ? '' : `, ${rate(gate.pairsPerSecond)} pairs/s`;
  const seen =
    windows === 0 ? 'no window yet' : `${count(windows)} windows, ${around((toMs - fromMs) / 1_000)}${pace}`;
  const parts = [
    `made ${time(madeAtMs)}`,
    `build ${code(build)}`,
    `configuration ${code(configHash)}`,
    `epoch ${epoch} (${seen})`,
    `evidence ${code(gate.evidenceHash.slice(0, 16))}`,
  ];
  return `---\n\nCutover: ${parts.join('; ')}\n`;
}
