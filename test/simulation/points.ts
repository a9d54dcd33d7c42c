/** Where a process can be killed, and what that moment is. */
export const CRASH_POINTS = {
  'at any moment': 'between two things that it does',
  'before acquire': 'asks for the lease',
  'after acquire': 'has the lease, and has not heard of it',
  'before commit': 'a decision is made, and not stored',
  'after commit': 'the store took a decision, and nobody heard of it',
  'stored, not published': 'the store took a decision, and no worker got it',
  'stored and published': 'workers got a decision that is stored, and the operator has no answer',
  'before relief is published': 'a rollback is decided, and no worker got it',
  'published, not stored': 'workers got a rollback that the store does not know',
  'before keep': 'a rollback that the store did not take is not on the disk yet',
  'after keep': 'it is on the disk, and the operator has no answer',
  'before forget': 'the store took a kept rollback, and it is still on the disk',
  'after forget': 'it is taken off the disk',
  'before answer': 'all is done, and the operator has no answer',
  'verdict, no rollback': 'the gates say abort, and nothing was done about it',
  'lease lost in commit':
    'another one takes the lease while a decision is on its way; half of the robbed live on',
  'before window': 'a window is complete, and not stored',
  'after window': 'a window is stored, and the keeper has not heard of it',
  'before recall': 'a start is about to read the windows of the epoch',
  'during recall': 'some of them are read',
  'after recall': 'all of them are read, and none was counted yet',
} as const;

export type CrashPoint = keyof typeof CRASH_POINTS;

export const CRASH_POINT_NAMES = Object.keys(CRASH_POINTS) as readonly CrashPoint[];

/** Faults beside the death of a process. */
export const FAULTS = {
  'store down': 'refuses every call',
  'store hangs': 'takes calls and never answers',
  'store slow': 'takes up to five seconds a call; what it does happens before that or after',
  'commit unheard': 'a commit takes effect, and the answer says that nobody knows',
  'commit lost': 'a commit takes no effect, and the answer says that nobody knows',
  'disk full': 'the run directory takes no decision; the kill switch has room in half of the cases',
  'lease stolen': 'another holder has the lease for a while',
  competitor: 'a second supervisor, with a run directory of its own, starts on the same store',
  'clock forward': 'the wall clock jumps ahead, by seconds to minutes',
  'clock back': 'the wall clock jumps back',
  'worker dies': 'with what it had counted and not reported',
  'worker late': 'acknowledges snapshots and reports counts seconds late',
  'worker deaf': 'takes no snapshot any more',
  'delta lost': 'what a worker reported does not arrive',
  'candidate worse': 'fails more often from some moment on, up to a quarter of its answers',
  'candidate bursts': 'fails half of its answers for a few seconds',
  'candidate differs': 'answers with other bodies from some moment on',
  'legacy incident': 'both lanes, or legacy alone, fail for a while',
} as const;

export type Fault = keyof typeof FAULTS;

export const FAULT_NAMES = Object.keys(FAULTS) as readonly Fault[];
