import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { messageOf, systemCode } from '../core/errors.ts';
import { decodeUnstored, encodeUnstored } from '../rollout/codec.ts';
import type { Unstored, UnstoredLog } from '../rollout/unstored.ts';
import { writeKillSwitch } from './kill-switch.ts';
import { runPaths, writeFileAtomic } from './run-dir.ts';

/** Keeps decisions that the store did not take in `runDir/unstored.json`, so that the next start takes them up. */
export class UnstoredFile implements UnstoredLog {
  private readonly runDir: string;
  private readonly file: string;
  private readonly log: (message: string) => void;

  constructor(runDir: string, log: (message: string) => void) {
    this.runDir = runDir;
    this.file = runPaths(runDir).unstored;
    this.log = log;
  }

  save(list: readonly Unstored[]): void {
    if (list.length === 0) rmSync(this.file, { force: true });
    else writeFileAtomic(this.file, encodeUnstored(list));
    syncDirectory(this.runDir);
  }

  /** A file that cannot be read may hold a rollback: everything goes to legacy until somebody has looked at it. */
  load(): readonly Unstored[] {
    try {
      return decodeUnstored(readFileSync(this.file, 'utf8'));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      const safe = this.fallBack() ? 'the kill switch is thrown' : 'the kill switch could not be thrown';
      this.log(`${this.file} cannot be read (${messageOf(error)}): ${safe}`);
      this.putAside();
      return [];
    }
  }

  fallBack(): boolean {
    try {
      const reason =
        'a rollback or bypass could be stored nowhere; look at the log before cutover bypass --off';
      writeKillSwitch(this.runDir, { who: 'supervisor', reason });
      return true;
    } catch {
      return false;
    }
  }

  private putAside(): void {
    try {
      renameSync(this.file, `${this.file}.damaged`);
    } catch (error) {
      this.log(`${this.file} could not be put aside: ${messageOf(error)}`);
    }
  }
}

/** Makes a rename or a removal outlive a power cut. */
function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
