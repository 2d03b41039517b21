import type { Span } from '@nestlens/otlp/wire';
import { isRoot } from '../admission/span.js';
import { DepartedTraces } from './departed.js';
import { Shelf } from './shelf.js';
import { SourceTable, type Source } from './source.js';
import { Trace } from './trace.js';

export interface TraceStoreOptions {
  readonly maxBytes: number;
  readonly maxSpansPerTrace: number;
}

/** Called for each span of a trace whose root has arrived. Must be quick and must not throw. */
export type TraceWatcher = (trace: Trace) => void;

// The trace, its arrays and its place in the index.
const TRACE_BASE = 560;
/** One trace holds at most this part of the shelf. */
const TRACE_PART = 8;
const BYTES_PER_DEPARTED = 8 * 1_024;

export class TraceStore {
  readonly sources: SourceTable<Trace>;
  readonly shelf: Shelf<Trace>;
  readonly #traces = new Map<string, Trace>();
  readonly #departed: DepartedTraces;
  readonly #maxSpans: number;
  readonly #maxTraceBytes: number;
  #watcher: TraceWatcher | undefined;
  #latest: Trace | undefined;
  #nowMs = 0;
  #evictedTraces = 0;
  #lastEvictedMs: number | undefined;

  constructor({ maxBytes, maxSpansPerTrace }: TraceStoreOptions) {
    this.shelf = new Shelf(maxBytes, (trace) => this.#evicted(trace));
    this.sources = new SourceTable(this.shelf);
    this.#maxSpans = maxSpansPerTrace;
    this.#maxTraceBytes = Math.floor(maxBytes / TRACE_PART);
    const departed = Math.floor(maxBytes / BYTES_PER_DEPARTED);
    this.#departed = new DepartedTraces(Math.min(16_384, Math.max(256, departed)));
  }

  get size(): number {
    return this.#traces.size;
  }

  get evictedTraces(): number {
    return this.#evictedTraces;
  }

  get lastEvictedMs(): number | undefined {
    return this.#lastEvictedMs;
  }

  get(traceId: string): Trace | undefined {
    return this.#traces.get(traceId);
  }

  /** When the trace was evicted, as long as that is remembered. */
  evictedAtMs(traceId: string): number | undefined {
    return this.#departed.whenMs(traceId);
  }

  watch(watcher: TraceWatcher | undefined): void {
    this.#watcher = watcher;
  }

  /**
   * Stores one admitted span. `full`: its trace is at its limit and the span was left out. `late`: its trace was
   * evicted, so the span is dropped with it.
   */
  add(span: Span, source: Source<Trace>, bytes: number, nowMs: number): 'stored' | 'full' | 'late' {
    this.#nowMs = nowMs;
    let trace = this.#latest;
    if (trace === undefined || trace.id !== span.traceId) trace = this.#traces.get(span.traceId);
    if (trace === undefined) {
      if (this.#departed.whenMs(span.traceId) !== undefined) return 'late';
      trace = this.#create(span, source, nowMs);
    } else if (this.#isFull(trace, bytes)) {
      trace.leftOut += 1;
      return 'full';
    }
    this.#latest = trace;
    this.sources.hold(source);
    source.service.counts.traces.held += 1;
    trace.add({ span, source }, isRoot(span), nowMs);
    // A trace belongs to the service that began it: a noisy caller must not use up the share of the services that it
    // calls.
    this.shelf.touch(trace, bytes, trace.root?.source.list ?? trace.list);
    if (this.#watcher !== undefined && trace.root !== undefined) this.#watcher(trace);
    if (this.shelf.bytes > this.shelf.maxBytes) this.shelf.trim();
    return 'stored';
  }

  clear(): void {
    this.#traces.clear();
    this.#departed.clear();
    this.sources.clear();
    this.shelf.clear();
    this.#latest = undefined;
  }

  #create(span: Span, source: Source<Trace>, nowMs: number): Trace {
    const trace = new Trace(span.traceId, span, nowMs);
    trace.bytes = TRACE_BASE;
    this.#traces.set(trace.id, trace);
    this.shelf.put(trace, source.list);
    return trace;
  }

  #isFull(trace: Trace, bytes: number): boolean {
    return trace.spans.length >= this.#maxSpans || trace.bytes + bytes > this.#maxTraceBytes;
  }

  #evicted(trace: Trace): void {
    this.#traces.delete(trace.id);
    this.#departed.add(trace.id, this.#nowMs);
    this.#evictedTraces += 1;
    this.#lastEvictedMs = this.#nowMs;
    if (this.#latest === trace) this.#latest = undefined;
    for (const { source } of trace.spans) {
      const counts = source.service.counts.traces;
      counts.held -= 1;
      counts.evicted += 1;
      this.sources.release(source);
    }
  }
}
