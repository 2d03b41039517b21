import type { LogRecord } from '@nestlens/otlp/wire';
import { Shelf, ShelfItem } from './shelf.js';
import { SourceTable, type Source } from './source.js';

export class StoredLogRecord extends ShelfItem<StoredLogRecord> {
  readonly record: LogRecord;
  readonly source: Source<StoredLogRecord>;
  readonly seenMs: number;

  constructor(record: LogRecord, source: Source<StoredLogRecord>, nowMs: number) {
    super();
    this.record = record;
    this.source = source;
    this.seenMs = nowMs;
  }
}

// A record's links on the shelf.
const LINKS = 120;

export class LogStore {
  readonly shelf: Shelf<StoredLogRecord>;
  readonly sources: SourceTable<StoredLogRecord>;

  constructor(maxBytes: number) {
    this.shelf = new Shelf(maxBytes, (stored) => this.#evicted(stored));
    this.sources = new SourceTable(this.shelf);
  }

  add(record: LogRecord, source: Source<StoredLogRecord>, bytes: number, nowMs: number): void {
    const stored = new StoredLogRecord(record, source, nowMs);
    stored.bytes = LINKS + bytes;
    source.service.counts.logs.held += 1;
    this.sources.hold(source);
    this.shelf.put(stored, source.list);
    if (this.shelf.bytes > this.shelf.maxBytes) this.shelf.trim();
  }

  clear(): void {
    this.sources.clear();
    this.shelf.clear();
  }

  #evicted({ source }: StoredLogRecord): void {
    const counts = source.service.counts.logs;
    counts.held -= 1;
    counts.evicted += 1;
    this.sources.release(source);
  }
}
