import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { AnyValueWriter } from './any-value.js';
import type { AttributeWriter } from './attributes.js';
import type { Cursor } from './cursor.js';
import { writeHex, writeTraceId } from './hex.js';
import { writeTime } from './hr-time.js';
import type { EncodeLimits, OpenLosses } from './limits.js';

const ITEM_TAG = 0x12;
const TAIL = 8;
const FIXED = 48;

/** Writes LogRecord messages as field 2 of ScopeLogs. Source: opentelemetry-proto logs.proto. */
export class LogRecordWriter {
  readonly #cursor: Cursor;
  readonly #attributes: AttributeWriter;
  readonly #values: AnyValueWriter;
  readonly #limits: EncodeLimits;
  readonly #losses: OpenLosses;
  readonly #width: number;
  readonly #textLength: number;

  constructor(
    cursor: Cursor,
    attributes: AttributeWriter,
    values: AnyValueWriter,
    limits: EncodeLimits,
    losses: OpenLosses,
  ) {
    this.#cursor = cursor;
    this.#attributes = attributes;
    this.#values = values;
    this.#limits = limits;
    this.#losses = losses;
    this.#width = limits.itemBytes < 0x20_0000 ? 3 : 4;
    this.#textLength = Math.min(limits.valueLength, limits.itemBytes >> 4);
  }

  write(record: ReadableLogRecord): void {
    const cursor = this.#cursor;
    if (!cursor.fits(FIXED)) return;
    cursor.byte(ITEM_TAG);
    const start = cursor.reserve(this.#width);
    this.#head(record);
    cursor.soft -= TAIL;
    if (record.body !== undefined) this.#body(record.body);
    const dropped = this.#attributes.write(0x32, record.attributes, this.#limits.attributes);
    if (cursor.fits(TAIL)) this.#count(0x38, record.droppedAttributesCount + dropped);
    cursor.fill(start, this.#width);
  }

  #head(record: ReadableLogRecord): void {
    const cursor = this.#cursor;
    const { severityText, eventName, spanContext: context } = record;
    cursor.byte(0x09);
    writeTime(cursor, record.hrTime);
    cursor.byte(0x59);
    writeTime(cursor, record.hrTimeObserved);
    this.#count(0x10, record.severityNumber ?? 0);
    if (severityText) this.#text(0x1a, severityText);
    if (eventName) this.#text(0x62, eventName);
    if (context === undefined) return;
    if (context.traceFlags && cursor.fits(5)) {
      cursor.byte(0x45);
      cursor.fixed32(context.traceFlags);
    }
    if (context.traceId) writeTraceId(cursor, 0x4a, context.traceId);
    if (context.spanId) writeHex(cursor, 0x52, context.spanId);
  }

  /** A body that throws is left out. A text is truncated so far that the item stays within its budget. */
  #body(body: unknown): void {
    const cursor = this.#cursor;
    const before = cursor.at;
    const room = Math.trunc((cursor.soft - before) / 3) - 8;
    if (!cursor.fits(8)) return;
    cursor.byte(0x2a);
    const start = cursor.reserve(this.#width);
    try {
      this.#values.write(body, Math.max(0, Math.min(room, this.#limits.bodyLength)));
      cursor.fill(start, this.#width);
    } catch {
      cursor.at = before;
      this.#losses.values++;
    }
    if (cursor.at > cursor.soft) {
      cursor.at = before;
      this.#losses.values++;
    }
  }

  #text(tag: number, text: unknown): void {
    this.#cursor.text(tag, typeof text === 'string' ? text : String(text), this.#textLength);
  }

  /** Writes a uint32 or enum field, left out if it is 0. Asks for no room: at most 6 bytes. */
  #count(tag: number, count: number): void {
    if (!(count > 0)) return;
    this.#cursor.byte(tag);
    this.#cursor.uint32(count);
  }
}
