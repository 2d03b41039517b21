import type { Link, SpanContext } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { AttributeWriter } from './attributes.js';
import type { Cursor } from './cursor.js';
import { writeHex, writeTraceId } from './hex.js';
import { writeTime } from './hr-time.js';
import type { EncodeLimits, OpenLosses } from './limits.js';

/** SpanFlags of trace.proto: the first says that it is known whether the parent is remote, the second that it is. */
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;
const ITEM_TAG = 0x12;
/** Bytes of the counts and tags that end a span. */
const TAIL = 24;
/** Tags, times, kind and flags. */
const FIXED = 64;

type TimedEvent = ReadableSpan['events'][number];

/** Writes Span messages as field 2 of ScopeSpans. Source: opentelemetry-proto trace.proto. */
export class SpanWriter {
  readonly #cursor: Cursor;
  readonly #attributes: AttributeWriter;
  readonly #limits: EncodeLimits;
  readonly #losses: OpenLosses;
  readonly #width: number;
  readonly #textLength: number;

  constructor(
    cursor: Cursor,
    attributes: AttributeWriter,
    limits: EncodeLimits,
    losses: OpenLosses,
  ) {
    this.#cursor = cursor;
    this.#attributes = attributes;
    this.#limits = limits;
    this.#losses = losses;
    this.#width = limits.itemBytes < 0x20_0000 ? 3 : 4;
    this.#textLength = Math.min(limits.valueLength, limits.itemBytes >> 4);
  }

  write(span: ReadableSpan): void {
    const cursor = this.#cursor;
    if (!cursor.fits(FIXED)) return;
    cursor.byte(ITEM_TAG);
    const start = cursor.reserve(this.#width);
    this.#head(span);
    this.#body(span);
    cursor.fill(start, this.#width);
  }

  /**
   * Writes all fields except the repeated ones. They come first, so that the item's budget cuts only the repeated
   * ones.
   */
  #head(span: ReadableSpan): void {
    const cursor = this.#cursor;
    const context = span.spanContext();
    const parent = span.parentSpanContext;
    this.#context(context, 0x1a);
    if (parent?.spanId) writeHex(cursor, 0x22, parent.spanId);
    this.#text(0x2a, span.name);
    this.#status(span.status);
    if (!cursor.fits(FIXED)) return;
    cursor.byte(0x30);
    cursor.uint32((span.kind ?? -1) + 1);
    cursor.byte(0x39);
    writeTime(cursor, span.startTime);
    cursor.byte(0x41);
    writeTime(cursor, span.endTime);
    cursor.byte(0x85);
    cursor.byte(0x01);
    cursor.fixed32(flagsOf(context, parent?.isRemote));
  }

  #body(span: ReadableSpan): void {
    const cursor = this.#cursor;
    cursor.soft -= TAIL;
    const { attributes: max } = this.#limits;
    const attributes =
      span.droppedAttributesCount + this.#attributes.write(0x4a, span.attributes, max);
    const events = span.droppedEventsCount + this.#events(span.events);
    const links = span.droppedLinksCount + this.#links(span.links);
    if (!cursor.fits(TAIL)) return;
    this.#count(0x50, attributes);
    this.#count(0x60, events);
    this.#count(0x70, links);
  }

  #context(context: SpanContext, stateTag: number): void {
    writeTraceId(this.#cursor, 0x0a, context.traceId);
    writeHex(this.#cursor, 0x12, context.spanId);
    const state = context.traceState?.serialize();
    if (state) this.#text(stateTag, state);
  }

  #text(tag: number, text: unknown): void {
    this.#cursor.text(tag, typeof text === 'string' ? text : String(text), this.#textLength);
  }

  #status(status: ReadableSpan['status']): void {
    const cursor = this.#cursor;
    const { message } = status;
    if (!message) {
      if (!cursor.fits(9)) return;
      cursor.byte(0x7a);
      const start = cursor.reserve(1);
      this.#count(0x18, status.code);
      cursor.fill(start, 1);
      return;
    }
    if (!cursor.fits(9)) return;
    cursor.byte(0x7a);
    const start = cursor.reserve(this.#width);
    this.#text(0x12, message);
    if (cursor.fits(6)) this.#count(0x18, status.code);
    cursor.fill(start, this.#width);
  }

  /** Returns how many events were left out. */
  #events(events: readonly TimedEvent[]): number {
    const count = events?.length ?? 0;
    if (count === 0) return 0;
    const first = Math.max(0, count - this.#limits.events);
    let kept = 0;
    for (let index = first; index < count; index++) {
      const before = this.#cursor.at;
      this.#event(events[index]!);
      if (this.#cursor.at > this.#cursor.soft) {
        this.#cursor.at = before;
        break;
      }
      kept++;
    }
    this.#losses.events += count - kept;
    return count - kept;
  }

  #event(event: TimedEvent): void {
    const cursor = this.#cursor;
    if (!cursor.fits(16)) return;
    cursor.byte(0x5a);
    const start = cursor.reserve(this.#width);
    if (!cursor.fits(9)) return;
    cursor.byte(0x09);
    writeTime(cursor, event.time);
    this.#text(0x12, event.name);
    const dropped = this.#attributes.write(0x1a, event.attributes, this.#limits.nestedAttributes);
    if (cursor.fits(6)) this.#count(0x20, dropped + (event.droppedAttributesCount ?? 0));
    cursor.fill(start, this.#width);
  }

  /** Returns how many links were left out. A link without a context is not a link. */
  #links(links: readonly Link[]): number {
    const count = links?.length ?? 0;
    if (count === 0) return 0;
    const first = Math.max(0, count - this.#limits.links);
    let kept = 0;
    for (let index = first; index < count; index++) {
      const link = links[index];
      if (typeof link?.context !== 'object' || link.context === null) continue;
      const before = this.#cursor.at;
      this.#link(link);
      if (this.#cursor.at > this.#cursor.soft) {
        this.#cursor.at = before;
        break;
      }
      kept++;
    }
    this.#losses.links += count - kept;
    return count - kept;
  }

  #link(link: Link): void {
    const cursor = this.#cursor;
    const { context } = link;
    if (!cursor.fits(16)) return;
    cursor.byte(0x6a);
    const start = cursor.reserve(this.#width);
    this.#context(context, 0x1a);
    const dropped = this.#attributes.write(0x22, link.attributes, this.#limits.nestedAttributes);
    if (!cursor.fits(11)) return;
    this.#count(0x28, dropped + (link.droppedAttributesCount ?? 0));
    cursor.byte(0x35);
    cursor.fixed32(flagsOf(context, context.isRemote));
    cursor.fill(start, this.#width);
  }

  /** A uint32 or enum field, left out where it is 0. Asks for no room: at most 6 bytes. */
  #count(tag: number, count: number): void {
    if (!(count > 0)) return;
    this.#cursor.byte(tag);
    this.#cursor.uint32(count);
  }
}

function flagsOf(context: SpanContext, isRemote: boolean | undefined): number {
  return (context.traceFlags & 0xff) | HAS_IS_REMOTE | (isRemote === true ? IS_REMOTE : 0);
}
