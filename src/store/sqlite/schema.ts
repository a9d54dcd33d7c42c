/**
 * Migration 1. `revision.rev` grows by one with every transaction that changes state. `changes` is the log that
 * watchers follow: `total_bytes` is the running sum of values, so that the log can be cut by size with one
 * comparison; `compacted_rev` is the last revision that is no longer in it.
 */
export const STATE_SCHEMA = `
CREATE TABLE identity (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1), generation TEXT NOT NULL, created_at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE revision (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1), rev INTEGER NOT NULL, compacted_rev INTEGER NOT NULL,
  logged_bytes INTEGER NOT NULL
) STRICT;
INSERT INTO revision VALUES (1, 0, 0, 0);
CREATE TABLE entries (
  key TEXT PRIMARY KEY, value BLOB NOT NULL, rev INTEGER NOT NULL, created_rev INTEGER NOT NULL,
  expires_at_ms INTEGER
) STRICT;
CREATE INDEX entries_by_expiry ON entries (expires_at_ms) WHERE expires_at_ms IS NOT NULL;
CREATE TABLE changes (
  rev INTEGER NOT NULL, position INTEGER NOT NULL, key TEXT NOT NULL, created_rev INTEGER NOT NULL,
  total_bytes INTEGER NOT NULL, value BLOB, PRIMARY KEY (rev, position)
) STRICT;
CREATE TABLE commits (rev INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE leases (
  name TEXT PRIMARY KEY, holder TEXT NOT NULL, token INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL
) STRICT;
`;

/**
 * Migration 2. A window's body is its JSON, zstd-compressed. `rolled_up` is 0 for a window as it was put and 1
 * for one made of several. Windows that start before `horizon.closed_before_ms` were rolled up or deleted:
 * one that comes now is late. Examples stand apart, so that counting a class rewrites a short row.
 */
export const TELEMETRY_SCHEMA = `
CREATE TABLE horizon (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1), closed_before_ms INTEGER NOT NULL
) STRICT;
INSERT INTO horizon VALUES (1, 0);
CREATE TABLE windows (
  row INTEGER PRIMARY KEY, start_ms INTEGER NOT NULL, width_ms INTEGER NOT NULL, epoch INTEGER NOT NULL,
  keeper TEXT NOT NULL, rolled_up INTEGER NOT NULL, body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX windows_by_start ON windows (start_ms, width_ms, epoch, keeper);
CREATE INDEX windows_as_put ON windows (start_ms) WHERE rolled_up = 0;
CREATE TABLE classes (
  id TEXT PRIMARY KEY, route TEXT NOT NULL, endpoint TEXT NOT NULL, kind TEXT NOT NULL, path TEXT NOT NULL,
  count INTEGER NOT NULL, first_seen_ms INTEGER NOT NULL, last_seen_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX classes_by_age ON classes (last_seen_ms);
CREATE TABLE examples (id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
CREATE INDEX examples_by_age ON examples (at_ms);
CREATE TABLE events (sequence INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
CREATE INDEX events_by_age ON events (at_ms);
`;

/**
 * Migration 3. A class has up to three examples: the first, the smallest (by the bytes of both bodies) and the latest.
 * The evidence of classes (pairs and triples of one epoch) is one compressed row: it is always read and written whole.
 */
export const EVIDENCE_SCHEMA = `
CREATE TABLE class_examples (
  id TEXT NOT NULL, which TEXT NOT NULL, at_ms INTEGER NOT NULL, bytes INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (id, which)
) STRICT;
CREATE INDEX class_examples_by_age ON class_examples (at_ms);
INSERT INTO class_examples SELECT id, 'first', at_ms, 0, body FROM examples;
DROP TABLE examples;
CREATE TABLE evidence (epoch INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
`;
