import { bar } from '../glyphs.ts';
import type { Glyphs } from '../glyphs.ts';
import { column, wrapped } from '../rows.ts';
import type { Cell, Measure, Row, Section } from '../rows.ts';
import { verdictTone } from '../view/gate.ts';
import type { BarView, GateView, MetricView, RequirementView } from '../view/gate.ts';

const LONGEST_BAR = 20;
const LONGEST_REGION = 16;
const MESSAGE_LINES = 2;

/** What the gates say, one metric line after the other, and what is not met. */
export function gatesSection(gate: GateView, glyphs: Glyphs, measure: Measure): Section {
  const unmet = gate.requirements.filter(({ met }) => !met);
  const metrics = metricRows(gate, glyphs, measure);
  const rows = [
    ...headlines(gate, glyphs, measure),
    ...metrics.flatMap(({ figures, bars }) => [figures, bars]),
    ...requirementRows(unmet, glyphs),
  ];
  return { title: 'Gates', rows, keep: Math.min(4, rows.length) };
}

/** The same with every requirement, the counts and the coverage: the pane. */
export function gatesPane(gate: GateView, glyphs: Glyphs, measure: Measure): Section {
  const metrics = metricRows(gate, glyphs, measure);
  const rows: Row[] = [
    ...headlines(gate, glyphs, measure),
    ...metrics.flatMap(({ figures, bars, counts }) => [figures, bars, counts]),
    [{ text: 'Requirements', tone: 'strong' }],
    ...requirementRows(gate.requirements, glyphs),
    [{ text: 'Coverage', tone: 'strong' }],
    ...coverageRows(gate),
  ];
  return { title: 'Gates', rows, keep: rows.length };
}

/** Verdict and reason; where it goes from here. */
function headlines({ verdict, message, next }: GateView, glyphs: Glyphs, { width }: Measure): Row[] {
  const word = `${glyphs.verdicts[verdict]} ${verdict.toUpperCase()}`;
  const tone = verdict === 'hold' ? 'strong' : verdictTone(verdict);
  const said = wrapped(message, width - word.length - 1, MESSAGE_LINES).map((text, at): Row => {
    return [{ text: at === 0 ? word : '', tone, width: word.length }, { text }];
  });
  return [...said, [{ text: next, tone: 'faint' }]];
}

interface MetricRows {
  readonly figures: Row;
  readonly bars: Row;
  readonly counts: Row;
}

function metricRows({ metrics }: GateView, glyphs: Glyphs, measure: Measure): MetricRows[] {
  const cells = metrics.map((metric) => figureCells(metric, glyphs, measure));
  const widths = (cells[0] ?? []).map((_, at) =>
    column(
      cells.map((row) => row[at]?.text ?? ''),
      LONGEST_REGION,
    ),
  );
  // What is cut first where there is no room for it: the interval.
  const last = widths.length - 1;
  return metrics.map((metric, index) => ({
    figures: (cells[index] ?? []).map((cell, at) =>
      at === last ? cell : { ...cell, width: widths[at] ?? 1 },
    ),
    bars: barRow(metric, glyphs, measure),
    counts: [{ text: `  ${metric.reason}: ${metric.counts}`, tone: 'faint' }],
  }));
}

function figureCells(metric: MetricView, glyphs: Glyphs, { short }: Measure): Cell[] {
  const { verdict, direction, region, estimate, interval, margin } = metric;
  const tone = verdictTone(verdict);
  return [
    { text: `${glyphs.verdicts[verdict]} ${verdict}`, tone },
    { text: short ? metric.short : metric.name, tone: 'strong' },
    { text: short ? direction.slice(0, 3) : direction },
    { text: region },
    { text: estimate, right: true },
    { text: margin, right: true },
    { text: interval, tone: 'faint' },
  ];
}

/** Both bars: the proof that it is good enough, and the proof that it is worse. */
function barRow({ advance, abort, eta }: MetricView, glyphs: Glyphs, { width, short }: Measure): Row {
  const [forward, back] = short ? ['adv', 'abort'] : ['advance', 'abort'];
  const numbers = '999,999/400'.length;
  const fixed = 1 + forward.length + back.length + 2 * numbers + 8 + 7;
  const length = Math.max(3, Math.min(LONGEST_BAR, Math.floor((width - fixed) / 2)));
  const drawn = ({ fraction }: BarView): string =>
    fraction === null ? ' '.repeat(length) : bar(glyphs, fraction, length);
  return [
    { text: '', width: 1 },
    { text: forward, tone: 'faint', width: forward.length },
    { text: drawn(advance), tone: advance.fraction === 1 ? 'good' : 'plain', width: length },
    { text: advance.text, width: numbers },
    { text: back, tone: 'faint', width: back.length },
    { text: drawn(abort), tone: abort.fraction === 1 ? 'bad' : 'plain', width: length },
    { text: abort.text, width: numbers },
    { text: eta, tone: 'faint' },
  ];
}

function requirementRows(requirements: readonly RequirementView[], glyphs: Glyphs): Row[] {
  return requirements.map(({ name, met, message, eta }) => {
    const word = met ? `${glyphs.done} met` : `${glyphs.current} not met`;
    const width = glyphs.current.length + ' not met'.length;
    const tone = met ? 'good' : 'warn';
    return [
      { text: word, tone, width },
      { text: name, tone: 'strong', width: 'freshness'.length },
      { text: eta === '' ? message : `${message}, ${eta}` },
    ];
  });
}

function coverageRows({ coverage, coverageLine }: GateView): Row[] {
  if (coverage.length === 0) return [[{ text: 'no requests yet', tone: 'faint' }]];
  const width = column(
    coverage.map(({ route }) => route),
    24,
  );
  const rows = coverage.map(({ route, methods, share, proof, tone }): Row => [
    { text: route, width },
    { text: methods, width: 5 },
    { text: share, width: 7, right: true },
    { text: proof, tone },
  ]);
  return coverageLine === '' ? rows : [[{ text: coverageLine, tone: 'faint' }], ...rows];
}
