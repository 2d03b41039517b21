import type { Batch } from '../send/sender.js';
import type { Journal } from './journal.js';
import type { Entry } from './segment.js';
import type { SpooledRecord } from './spool.js';

/** A record that is out, and where it came from. */
export class Taken implements SpooledRecord {
  readonly batch: Batch;
  readonly ageMs: number;
  readonly isDoubtful: boolean;
  readonly journal: Journal;
  readonly entry: Entry;

  constructor(journal: Journal, entry: Entry, nowMs: number) {
    const { signal = 'traces', items, body } = entry;
    this.batch = { signal, items, bytes: body.byteLength, chunks: [body] };
    if (entry.inherited) this.batch = { ...this.batch, isDoubtful: true };
    this.ageMs = Math.max(0, nowMs - entry.atMs);
    this.isDoubtful = entry.doubtful;
    this.journal = journal;
    this.entry = entry;
  }
}
