import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { BlockFinder } from '../../src/gateway/filters/user/block-finder.ts';
import { LoopMark } from '../../src/gateway/filters/user/loop-mark.ts';

const LOOKS = LIMITS.filterBlockMs / LIMITS.filterLookMs;

/** A mark and so many looks at it. */
function watched() {
  const mark = new LoopMark();
  const finder = new BlockFinder();
  const look = (times: number, between: () => void = () => {}) => {
    let found = null;
    for (let n = 0; n < times; n += 1) {
      between();
      found = finder.look(mark.read());
    }
    return found;
  };
  return { mark, look };
}

test('a hook that does not return is named, and not before its time', () => {
  const { mark, look } = watched();
  mark.enter(3, 1);
  expect(look(LOOKS)).toBeNull();
  expect(look(1)).toEqual({ filters: [3], hook: 'onUpstreamRequest' });
  mark.leave();
  expect(look(1)).toBeNull();
});

test('a busy loop that runs hook after hook is never taken for one that stands', () => {
  const { mark, look } = watched();
  const busy = () => {
    mark.enter(1, 0);
    mark.leave();
    mark.enter(1, 0);
  };
  expect(look(LOOKS * 3, busy)).toBeNull();
});

test('a loop that stands after an await names who was waited for, and one without filters nobody', () => {
  const { mark, look } = watched();
  mark.wait(2, 1);
  mark.wait(5, 1);
  mark.wait(5, -1);
  expect(look(LOOKS + 1)).toEqual({ filters: [2], hook: null });
  expect(look(LOOKS * 2, () => mark.beat())).toBeNull();
  mark.wait(2, -1);
  expect(look(LOOKS * 2)).toBeNull();
});
