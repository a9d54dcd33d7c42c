import { bar, markedBar, spark } from '../glyphs.ts';
import type { Glyphs } from '../glyphs.ts';
import { column } from '../rows.ts';
import type { Cell, Measure, Row, Section } from '../rows.ts';
import type { LaneRow, LanesView, RungView, SeriesView, ShareView } from '../view/lanes.ts';

const LABEL = 8;
const VALUE = 9;
const LONGEST_SPARK = 20;
/** Below it a sparkline has no room beside its number and stands beneath. */
const ROOMY = 60;

/** Shares of the regions, desired and actual, with a bar. */
export function sharesSection(shares: readonly ShareView[], glyphs: Glyphs, { width }: Measure): Section {
  const name = column(
    shares.map(({ region }) => region),
    16,
  );
  const length = Math.max(5, Math.min(20, width - name - 36));
  const rows = shares.map(({ region, desired, actual, text, tone }): Row => {
    const drawn = markedBar(glyphs, actual ?? 0, desired, length);
    return [
      { text: region, tone: 'strong', width: name },
      { text: drawn, tone: 'candidate', width: length },
      { text, tone },
    ];
  });
  const none: Row = [{ text: 'no region is named: all users are one', tone: 'faint' }];
  return { title: 'Shares of the candidate', rows: rows.length === 0 ? [none] : rows, keep: 2 };
}

/** Rates, errors and latencies of both lanes, with their course. */
export function lanesSection({ rows, ladder }: LanesView, glyphs: Glyphs, measure: Measure): Section {
  const delta = ladder.find(({ label }) => label === 'p99');
  const lines = [laneTitles(measure), ...rows.flatMap((row) => laneRows(row, glyphs, measure))];
  const over = delta === undefined ? [] : [pairRow(delta)];
  return { title: 'Lanes of this epoch', rows: [...lines, ...over], keep: 5 };
}

/** Quantiles of the same requests on both lanes, and the course of everything: the pane. */
export function latencyPane({ rows, ladder }: LanesView, glyphs: Glyphs, measure: Measure): Section {
  const lines: Row[] = [
    [{ text: 'Pairs: the same requests on both lanes', tone: 'strong' }],
    ...ladder.flatMap((rung) => rungRows(rung, glyphs, measure)),
    [{ text: 'A latency of - has too few samples: at least ten must lie beyond it', tone: 'faint' }],
    [{ text: 'All requests of each lane in this epoch', tone: 'strong' }],
    laneTitles(measure),
    ...rows.flatMap((row) => laneRows(row, glyphs, measure)),
  ];
  return { title: 'Latency', rows: lines, keep: lines.length };
}

function laneTitles(measure: Measure): Row {
  const width = sparkWidth(measure);
  const beside = (tone: 'legacy' | 'candidate'): Cell[] => {
    const title: Cell = { text: tone, tone, width: VALUE, right: true };
    return measure.width >= ROOMY ? [title, { text: '', width }] : [title];
  };
  return [{ text: '', width: LABEL }, ...beside('legacy'), ...beside('candidate')];
}

function laneRows({ label, legacy, candidate, series }: LaneRow, glyphs: Glyphs, measure: Measure): Row[] {
  const width = sparkWidth(measure);
  const number = (text: string): Cell => ({ text, width: VALUE, right: true });
  const name: Cell = { text: label, tone: 'faint', width: LABEL };
  if (measure.width < ROOMY || series === null) {
    const gap: Cell[] = measure.width < ROOMY ? [] : [{ text: '', width }];
    const values = [name, number(legacy), ...gap, number(candidate)];
    return series === null ? [values] : [values, sparkRow(series, glyphs, width)];
  }
  return [
    [
      name,
      number(legacy),
      sparkCell(series, 'legacy', glyphs, width),
      number(candidate),
      sparkCell(series, 'candidate', glyphs, width),
    ],
  ];
}

function sparkRow(series: SeriesView, glyphs: Glyphs, width: number): Row {
  return [sparkCell(series, 'legacy', glyphs, width), sparkCell(series, 'candidate', glyphs, width)];
}

function sparkCell(series: SeriesView, lane: 'legacy' | 'candidate', glyphs: Glyphs, width: number): Cell {
  return { text: spark(glyphs, series[lane], series.top, width), tone: lane, width };
}

function sparkWidth({ width }: Measure): number {
  const room = width >= ROOMY ? width - LABEL - 2 * VALUE - 4 : width - 1;
  return Math.max(4, Math.min(LONGEST_SPARK, Math.floor(room / 2)));
}

function pairRow({ label, legacy, candidate, delta }: RungView): Row {
  return [
    { text: `pairs ${label}`, tone: 'faint', width: LABEL + 1 },
    { text: `${legacy} -> ${candidate}, delta ${delta}` },
  ];
}

function rungRows(rung: RungView, glyphs: Glyphs, { width }: Measure): Row[] {
  const length = Math.max(5, Math.min(40, width - 32));
  return (['legacy', 'candidate'] as const).map((lane) => [
    { text: lane === 'legacy' ? rung.label : '', width: 5 },
    { text: lane, tone: lane, width: VALUE },
    { text: rung[lane], width: VALUE, right: true },
    { text: bar(glyphs, rung.fractions[lane], length), tone: lane, width: length },
    { text: lane === 'legacy' ? '' : rung.delta },
  ]);
}
