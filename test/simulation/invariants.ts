/** What is asserted, by the name under which a violation is reported. */
export const INVARIANTS = {
  'advance-proven':
    'an advance that is not forced is stored only where the gates, asked again about windows that the simulation kept itself, say ready; and the audit names the hash of that evidence',
  'abort-grounded': 'the gates take back only what windows that the simulation kept itself show to be worse',
  'share-within-plan':
    'no snapshot shows more of the candidate in any region than plan and stored state give, or, before it is stored, than the snapshot before',
  'shares-rise-by-advance': 'rollback, reload, pause and kill switch raise no share in any region',
  'versions-grow': 'revisions, sequences and epochs only grow, on every worker and in the store',
  audited:
    'every state in the store came with its own line of the audit, and every snapshot from such a state',
  'chain-intact':
    'the hash chain of the audit holds after every commit, and after every start nothing is missing',
  'one-step':
    'no command is in the audit twice, and none moves further than it says: an advance that is not forced one position',
  'relief-in-time':
    'a rollback or the kill switch, of an operator or of the gates, is in effect on every live worker in time, whatever the store does',
  'acknowledged-kept': 'what an operator was told to be done is in the audit, across crashes',
  'evidence-exact':
    'what the gates look at is what an uninterrupted twin would look at that folds the same windows; after a restart those that were stored',
  'windows-once':
    'every count that arrived is in exactly one window, and no window takes the name of another',
  'paused-holds': 'nothing advances while paused, and nothing but a resume ends the pause',
  'bypass-holds':
    'nothing advances under the kill switch, and no snapshot under it shows the candidate to anybody',
  'one-leader': 'every commit carries the newest lease',
  recovers: 'when all faults are over, everything is stored, published and acknowledged within a minute',
} as const;

export type Invariant = keyof typeof INVARIANTS;

/**
 * Within so many seconds of virtual time a rollback is in effect on every worker that lives: an acknowledgement has two
 * seconds, then a worker is replaced; and before it is decided one call to a store that hangs may have to run out.
 */
export const RELIEF_TICKS = 10;
