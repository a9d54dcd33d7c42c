/** Table cells that may still be filled for one pair: its lists share them. */
export interface AlignBudget {
  cells: number;
}

/** A stretch of two lists that belongs together; with unequal counts something was inserted or removed there. */
export interface Run {
  readonly legacyStart: number;
  readonly legacyCount: number;
  readonly candidateStart: number;
  readonly candidateCount: number;
}

/**
 * Lines two lists up so that one insertion is one insertion and not a change of all that follows.
 * Lists of one length that differ in few places, or that are too long, are compared place by place.
 * @param legacy digests of the elements
 * @param budget lowered by what was used
 * @returns runs in order that cover both lists
 */
export function align(legacy: readonly number[], candidate: readonly number[], budget: AlignBudget): Run[] {
  const shorter = Math.min(legacy.length, candidate.length);
  let head = 0;
  while (head < shorter && legacy[head] === candidate[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && legacy.at(-1 - tail) === candidate.at(-1 - tail)) tail += 1;
  const oneMiddle = legacy.slice(head, legacy.length - tail);
  const otherMiddle = candidate.slice(head, candidate.length - tail);
  return [
    { legacyStart: 0, legacyCount: head, candidateStart: 0, candidateCount: head },
    ...middleRuns([oneMiddle, otherMiddle], head, budget),
    {
      legacyStart: legacy.length - tail,
      legacyCount: tail,
      candidateStart: candidate.length - tail,
      candidateCount: tail,
    },
  ];
}

function middleRuns(
  [legacy, candidate]: readonly [readonly number[], readonly number[]],
  offset: number,
  budget: AlignBudget,
): Run[] {
  const whole = [run(0, legacy.length, 0, candidate.length, offset)];
  const cells = legacy.length * candidate.length;
  if (cells > budget.cells) return whole;
  budget.cells -= cells;
  // Which of several best alignments is found depends on the order: fix it, so that both directions agree.
  const swap = legacy.length - candidate.length || (legacy[0] ?? 0) - (candidate[0] ?? 0);
  const anchors =
    swap > 0
      ? commonSubsequence(candidate, legacy).map(([one, other]): [number, number] => [other, one])
      : commonSubsequence(legacy, candidate);
  if (legacy.length === candidate.length) {
    const mismatches = legacy.filter((value, index) => value !== candidate[index]).length;
    if (mismatches <= 2 * (legacy.length - anchors.length)) return whole;
  }
  return runsBetween(anchors, [legacy.length, candidate.length], offset);
}

function runsBetween(anchors: readonly [number, number][], ends: [number, number], offset: number): Run[] {
  const runs: Run[] = [];
  let [legacyAt, candidateAt] = [0, 0];
  for (const [legacy, candidate] of [...anchors, ends]) {
    runs.push(run(legacyAt, legacy - legacyAt, candidateAt, candidate - candidateAt, offset));
    if (legacy < ends[0]) runs.push(run(legacy, 1, candidate, 1, offset));
    [legacyAt, candidateAt] = [legacy + 1, candidate + 1];
  }
  return runs.filter((each) => each.legacyCount + each.candidateCount > 0);
}

function run(
  legacyStart: number,
  legacyCount: number,
  candidateStart: number,
  candidateCount: number,
  offset = 0,
): Run {
  return {
    legacyStart: legacyStart + offset,
    legacyCount,
    candidateStart: candidateStart + offset,
    candidateCount,
  };
}

/** Index pairs of a longest common subsequence, by the usual table. */
function commonSubsequence(one: readonly number[], other: readonly number[]): [number, number][] {
  const width = other.length + 1;
  const table = new Uint32Array((one.length + 1) * width);
  for (let row = one.length - 1; row >= 0; row -= 1) {
    for (let column = other.length - 1; column >= 0; column -= 1) {
      const below = table[(row + 1) * width + column] as number;
      const right = table[row * width + column + 1] as number;
      const diagonal = table[(row + 1) * width + column + 1] as number;
      table[row * width + column] = one[row] === other[column] ? diagonal + 1 : Math.max(below, right);
    }
  }
  return walk(one, other, table);
}

function walk(one: readonly number[], other: readonly number[], table: Uint32Array): [number, number][] {
  const width = other.length + 1;
  const pairs: [number, number][] = [];
  let [row, column] = [0, 0];
  while (row < one.length && column < other.length) {
    const below = table[(row + 1) * width + column] as number;
    const right = table[row * width + column + 1] as number;
    if (one[row] === other[column]) {
      pairs.push([row, column]);
      row += 1;
      column += 1;
    } else if (below >= right) row += 1;
    else column += 1;
  }
  return pairs;
}
