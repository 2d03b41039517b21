import type { Resource } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { EncodeLimits, EncodeLosses } from './limits.js';
import { LogRecordWriter } from './log-record.js';
import type { Scope } from './prefix.js';
import { SpanWriter } from './span.js';
import { Unit } from './unit.js';
import { createWriters } from './writers.js';
import type { Writers } from './writers.js';

/** Why an item is lost: it is too large even alone, or reading it threw. */
type DropReason = 'too_large' | 'unreadable';

/** `full`: the target is unchanged, and the item has to go into another one. */
type AppendResult = 'written' | 'full' | DropReason;

/** The state that all signals' encoders share. The layout is described in `Unit`. */
export interface OpenUnit {
  /** Where the last item ends. The offset of `open` if there is none. */
  readonly end: number;
  /** Counts of parts that were left out of items since the encoder was made. */
  readonly losses: EncodeLosses;
  /** Directs later bytes into `target`, from `offset` to its end. The previous target stays as it is. */
  open(target: Uint8Array, offset: number): void;
  /** Patches the open lengths and returns {@link end}. More may be appended. */
  close(): number;
}

/**
 * Turns ended items of the SDK into OTLP protobuf, written straight into memory of the caller: any Uint8Array, also
 * one over a SharedArrayBuffer. One target is open at a time. No method throws.
 *
 *     encoder.open(slab, 0);
 *     if (encoder.append(span) === 'full') {
 *       seal(slab, encoder.close());
 *       encoder.open(next, 0);
 *       if (encoder.append(span) === 'full') send(encoder.alone(span));
 *     }
 *
 * The bytes between the offset given to `open` and `end` are a whole export request, once `close`
 * has patched the lengths. So are several of them put together.
 */
export interface ItemEncoder<I> extends OpenUnit {
  /** The resource must have its async attributes by now: pending ones are left out. */
  append(item: I): AppendResult;
  /**
   * Encodes the item as a request of its own, for an item that is `full` in an empty target. The open target stays
   * open.
   */
  alone(item: I): Uint8Array | DropReason;
}

interface Item {
  readonly resource: Resource;
  readonly instrumentationScope: Scope;
}

interface ItemWriter<I> {
  write(item: I): void;
}

/** `limits` over the defaults. */
export function createSpanEncoder(limits?: Partial<EncodeLimits>): ItemEncoder<ReadableSpan> {
  const writers = createWriters(limits);
  const { cursor, attributes } = writers;
  return new Encoder(writers, new SpanWriter(cursor, attributes, writers.limits, writers.losses));
}

/** `limits` over the defaults. */
export function createLogRecordEncoder(
  limits?: Partial<EncodeLimits>,
): ItemEncoder<ReadableLogRecord> {
  const writers = createWriters(limits);
  const { cursor, attributes, values } = writers;
  return new Encoder(
    writers,
    new LogRecordWriter(cursor, attributes, values, writers.limits, writers.losses),
  );
}

class Encoder<I extends Item> implements ItemEncoder<I> {
  readonly losses: EncodeLosses;
  readonly #writers: Writers;
  readonly #writer: ItemWriter<I>;
  readonly #unit: Unit;
  readonly #budget: number;

  constructor(writers: Writers, writer: ItemWriter<I>) {
    this.losses = writers.losses;
    this.#writers = writers;
    this.#writer = writer;
    this.#unit = new Unit(writers.cursor, writers.prefixes);
    this.#budget = writers.limits.itemBytes;
  }

  get end(): number {
    return this.#unit.end;
  }

  open(target: Uint8Array, offset: number): void {
    this.#unit.open(target, offset);
  }

  append(item: I): AppendResult {
    return this.#append(this.#unit, item);
  }

  close(): number {
    return this.#unit.close();
  }

  alone(item: I): Uint8Array | DropReason {
    const { cursor, prefixes } = this.#writers;
    const unit = new Unit(cursor, prefixes);
    // A value may be written in full before it is found to be past the budget.
    const bytes = new Uint8Array(this.#budget * 5 + prefixes.maxBytes);
    unit.open(bytes, 0);
    const result = this.#append(unit, item);
    if (result === 'written') return bytes.slice(0, unit.close());
    return result === 'full' ? 'too_large' : result;
  }

  #append(unit: Unit, item: I): AppendResult {
    const losses = this.#writers.losses;
    const { attributes, events, links, values } = losses;
    let result: AppendResult = 'unreadable';
    try {
      const { resource, instrumentationScope: scope } = item;
      unit.begin(resource, scope, this.#budget);
      this.#writer.write(item);
      result = unit.commit(resource, scope) ? 'written' : 'full';
    } catch {
      // A getter of the item itself threw.
    }
    if (result !== 'written') {
      // Parts that were left out will be left out again when the item is encoded anew, or are lost with it.
      losses.attributes = attributes;
      losses.events = events;
      losses.links = links;
      losses.values = values;
    }
    return result;
  }
}
