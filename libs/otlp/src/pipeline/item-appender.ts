import type { Resource } from '@opentelemetry/resources';
import type { ItemEncoder } from '../encode/item-encoder.js';
import type { EncodeLosses } from '../encode/limits.js';
import type { EncodeItem, SlabWriter } from '../slab/slab-writer.js';
import type { Signal } from '../wire/model.js';
import { ResourceGate } from './resource-gate.js';
import { slabEncode } from './slab-encode.js';

interface ItemAppenderOptions<I> {
  readonly signal: Signal;
  readonly writer: SlabWriter;
  readonly createEncoder: () => ItemEncoder<I>;
  /** The drop policy gives errors slabs of their own: they get an encoder of their own, which goes on in those. */
  readonly separateErrors: boolean;
  readonly isError: (item: I) => boolean;
  /** Takes an item that no slab can hold. */
  readonly offer: (bytes: Uint8Array) => void;
  readonly onCreated: () => void;
  readonly onDrop: (
    reason: 'too_large' | 'encode_failed' | 'queue_full' | 'already_shutdown',
  ) => void;
}

/** Encodes an ended span or an emitted record into a slab, in the caller's turn. Never throws. */
export class ItemAppender<I extends { readonly resource: Resource }> {
  readonly #options: ItemAppenderOptions<I>;
  readonly #gate: ResourceGate<I>;
  readonly #encoder: ItemEncoder<I>;
  readonly #errorEncoder: ItemEncoder<I> | undefined;
  readonly #encode: EncodeItem<I>;
  readonly #encodeError: EncodeItem<I>;
  #closed = false;

  constructor(options: ItemAppenderOptions<I>) {
    this.#options = options;
    this.#encoder = options.createEncoder();
    this.#encode = slabEncode(this.#encoder);
    this.#errorEncoder = options.separateErrors ? options.createEncoder() : undefined;
    this.#encodeError = this.#errorEncoder ? slabEncode(this.#errorEncoder) : this.#encode;
    this.#gate = new ResourceGate<I>(
      (item) => this.#append(item),
      () => options.onDrop('queue_full'),
    );
  }

  /** Counts of attributes, events, links and values that were left out or cut. */
  losses(): EncodeLosses {
    const { attributes, events, links, values } = this.#encoder.losses;
    const errors = this.#errorEncoder?.losses;
    return {
      attributes: attributes + (errors?.attributes ?? 0),
      events: events + (errors?.events ?? 0),
      links: links + (errors?.links ?? 0),
      values: values + (errors?.values ?? 0),
    };
  }

  add(item: I): void {
    this.#options.onCreated();
    if (this.#closed) return this.#options.onDrop('already_shutdown');
    try {
      this.#gate.add(item);
    } catch {
      // It has no resource to ask.
      this.#options.onDrop('encode_failed');
    }
  }

  /** Resolves when all that was added is in slabs. */
  opened(): Promise<void> {
    return this.#gate.opened();
  }

  /** Takes nothing more. */
  close(): void {
    this.#closed = true;
  }

  /** Encodes what still waits for its resource as it is. */
  force(): void {
    this.#gate.open();
  }

  #append(item: I): void {
    const { signal, writer } = this.#options;
    const failed = this.#isError(item);
    const encode = failed ? this.#encodeError : this.#encode;
    if (writer.append(signal, encode, item, failed) === 'too_large') this.#alone(item);
  }

  /** An item whose getter throws counts as none here; the encoder judges it. */
  #isError(item: I): boolean {
    try {
      return this.#options.isError(item);
    } catch {
      return false;
    }
  }

  #alone(item: I): void {
    const bytes = this.#encoder.alone(item);
    if (bytes === 'unreadable') this.#options.onDrop('encode_failed');
    else if (bytes === 'too_large') this.#options.onDrop('too_large');
    else this.#options.offer(bytes);
  }
}
