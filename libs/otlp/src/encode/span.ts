import type { Link, SpanContext } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { AttributeWriter } from './attributes.js';
import type { Cursor } from './cursor.js';
import { flatOf } from './flat-span.js';
import type { FlatSpan } from './flat-span.js';
import { writeHex, writeIdentity, writeSpanId, writeTraceId } from './hex.js';
import { writeSeconds, writeTime } from './hr-time.js';
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
    const flat = flatOf(span);
    if (flat === undefined) this.#whole(span);
    else this.#flat(flat);
    cursor.fill(start, this.#width);
  }

  /**
   * All fields except the repeated ones come first, so that the item's budget cuts only the repeated ones.
   */
  #whole(span: ReadableSpan): void {
    const cursor = this.#cursor;
    const context = span.spanContext();
    const parent = span.parentSpanContext;
    this.#context(context);
    if (parent?.spanId) writeHex(cursor, 0x22, parent.spanId);
    this.#names(span);
    if (!cursor.fits(FIXED)) return;
    cursor.byte(0x39);
    writeTime(cursor, span.startTime);
    cursor.byte(0x41);
    writeTime(cursor, span.endTime);
    this.#flags(context.traceFlags, parent?.isRemote);
    cursor.soft -= TAIL;
    const dropped = this.#attributes.write(0x4a, span.attributes, this.#limits.attributes);
    this.#tail(span, dropped, span.events, span.links);
  }

  /** {@link SpanWriter.#whole} of a span that has its fields as numbers and lists. */
  #flat(span: FlatSpan): void {
    const cursor = this.#cursor;
    const { identity, parentIdentity: parent, shownStart, shownEnd } = span;
    const { shown } = identity;
    if (shown !== undefined && identity.isChanged) this.#context(shown);
    else {
      writeIdentity(cursor, identity);
      this.#state(shown === undefined ? identity.traceState : shown.traceState);
    }
    if (parent !== undefined) writeSpanId(cursor, 0x22, parent);
    this.#names(span);
    if (!cursor.fits(FIXED)) return;
    cursor.byte(0x39);
    if (shownStart === undefined) writeSeconds(cursor, span.startSeconds, span.startNanos);
    else writeTime(cursor, shownStart);
    cursor.byte(0x41);
    if (shownEnd === undefined) writeSeconds(cursor, span.endSeconds, span.endNanos);
    else writeTime(cursor, shownEnd);
    this.#flags(identity.flags, parent?.shown?.isRemote);
    cursor.soft -= TAIL;
    const attributes = span.flatAttributes;
    const dropped = this.#attributes.writeFlat(0x4a, attributes, this.#limits.attributes);
    this.#tail(span, dropped, span.ownEvents, span.ownLinks);
  }

  #names(span: ReadableSpan): void {
    const cursor = this.#cursor;
    this.#text(0x2a, span.name);
    this.#status(span.status);
    if (!cursor.fits(FIXED)) return;
    cursor.byte(0x30);
    cursor.uint32((span.kind ?? -1) + 1);
  }

  /** Asks for no room. */
  #flags(traceFlags: number, isRemote: boolean | undefined): void {
    const cursor = this.#cursor;
    cursor.byte(0x85);
    cursor.byte(0x01);
    cursor.fixed32(flagsOf(traceFlags, isRemote));
  }

  /** Events, links and the counts of what was left out, `attributes` of them here. */
  #tail(
    span: ReadableSpan,
    attributes: number,
    events: readonly TimedEvent[] | undefined,
    links: readonly Link[] | undefined,
  ): void {
    const droppedEvents = span.droppedEventsCount + this.#events(events);
    const droppedLinks = span.droppedLinksCount + this.#links(links);
    if (!this.#cursor.fits(TAIL)) return;
    this.#count(0x50, span.droppedAttributesCount + attributes);
    this.#count(0x60, droppedEvents);
    this.#count(0x70, droppedLinks);
  }

  #context(context: SpanContext): void {
    writeTraceId(this.#cursor, 0x0a, context.traceId);
    writeHex(this.#cursor, 0x12, context.spanId);
    this.#state(context.traceState);
  }

  #state(state: SpanContext['traceState']): void {
    const text = state?.serialize();
    if (text) this.#text(0x1a, text);
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
  #events(events: readonly TimedEvent[] | undefined): number {
    const count = events?.length ?? 0;
    if (events === undefined || count === 0) return 0;
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
  #links(links: readonly Link[] | undefined): number {
    const count = links?.length ?? 0;
    if (links === undefined || count === 0) return 0;
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
    this.#context(context);
    const dropped = this.#attributes.write(0x22, link.attributes, this.#limits.nestedAttributes);
    if (!cursor.fits(11)) return;
    this.#count(0x28, dropped + (link.droppedAttributesCount ?? 0));
    cursor.byte(0x35);
    cursor.fixed32(flagsOf(context.traceFlags, context.isRemote));
    cursor.fill(start, this.#width);
  }

  /** A uint32 or enum field, left out where it is 0. Asks for no room: at most 6 bytes. */
  #count(tag: number, count: number): void {
    if (!(count > 0)) return;
    this.#cursor.byte(tag);
    this.#cursor.uint32(count);
  }
}

function flagsOf(traceFlags: number, isRemote: boolean | undefined): number {
  return (traceFlags & 0xff) | HAS_IS_REMOTE | (isRemote === true ? IS_REMOTE : 0);
}
