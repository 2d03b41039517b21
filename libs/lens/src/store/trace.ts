import type { Span, UnixNano } from '@nestlens/otlp/wire';
import { ShelfItem } from './shelf.js';
import type { Source } from './source.js';

export interface StoredSpan {
  readonly span: Span;
  readonly source: Source<Trace>;
}

/** Services listed for a trace: the list must not grow with hostile input. */
const MAX_SERVICES = 64;
const STATUS_ERROR = 2;

/** All received spans of one trace id, with the fields that a list of traces needs. */
export class Trace extends ShelfItem<Trace> {
  readonly id: string;
  /** In order of arrival. */
  readonly spans: StoredSpan[] = [];
  /** `service.name` of its spans, at most 64, in order of arrival. */
  readonly services: string[] = [];
  readonly firstSeenMs: number;
  lastSeenMs: number;
  start: UnixNano;
  end: UnixNano;
  /** Spans with status error. */
  errors = 0;
  /** Spans left out because the trace was full. */
  leftOut = 0;
  /** The span without a parent; the earliest if there are several. */
  root: StoredSpan | undefined = undefined;
  #lastSource: Source<Trace> | undefined = undefined;

  constructor(id: string, first: Span, nowMs: number) {
    super();
    this.id = id;
    this.firstSeenMs = nowMs;
    this.lastSeenMs = nowMs;
    this.start = first.startTime;
    this.end = first.endTime;
  }

  add(stored: StoredSpan, isRoot: boolean, nowMs: number): void {
    const { span, source } = stored;
    this.spans.push(stored);
    this.lastSeenMs = nowMs;
    if (span.startTime < this.start) this.start = span.startTime;
    if (span.endTime > this.end) this.end = span.endTime;
    if (span.status.code === STATUS_ERROR) this.errors += 1;
    if (isRoot && (this.root === undefined || span.startTime < this.root.span.startTime)) {
      this.root = stored;
    }
    if (source === this.#lastSource) return;
    this.#lastSource = source;
    const { services } = this;
    if (services.length < MAX_SERVICES && !services.includes(source.serviceName)) {
      services.push(source.serviceName);
    }
  }
}
