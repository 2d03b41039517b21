import type { Attributes } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { AttributeWriter } from './attributes.js';
import { Cursor, OUTER_WIDTH } from './cursor.js';

/** A field that the SDK for logs adds to a scope, and the SDKs of other signals will add. */
export interface Scope extends InstrumentationScope {
  readonly attributes?: Attributes;
  readonly droppedAttributesCount?: number;
}

/** Bytes for the names and URLs around the attributes. */
const TEXT = 4096;
const NO_LIMIT = 0x7fff_ffff;

/**
 * Resources and scopes as bytes: field 1 of ResourceSpans or ScopeSpans, and the schema URL in field 3. They have the
 * same numbers for every signal.
 */
export class Prefixes {
  readonly #resources = new WeakMap<Resource, Uint8Array>();
  readonly #scopes = new WeakMap<Scope, Uint8Array>();
  readonly #cursor: Cursor;
  readonly #attributes: AttributeWriter;
  readonly #budget: number;

  /** `attributes` writes through `cursor`, whose target is reset. At most `budget` bytes of attributes are kept. */
  constructor(cursor: Cursor, attributes: AttributeWriter, budget: number) {
    this.#cursor = cursor;
    this.#attributes = attributes;
    this.#budget = budget;
  }

  /** The most bytes that a resource and a scope have together. */
  get maxBytes(): number {
    return 2 * (this.#budget + TEXT * 12);
  }

  /** Cached for good once no attribute is pending any more. */
  resource(resource: Resource): Uint8Array {
    const known = this.#resources.get(resource);
    if (known !== undefined) return known;
    const bytes = this.#write(resource.schemaUrl, () => {
      const dropped = this.#attributes.write(0x0a, settledAttributes(resource), NO_LIMIT);
      this.#count(0x10, dropped);
    });
    if (resource.asyncAttributesPending !== true) this.#resources.set(resource, bytes);
    return bytes;
  }

  scope(scope: Scope): Uint8Array {
    const known = this.#scopes.get(scope);
    if (known !== undefined) return known;
    const bytes = this.#write(scope.schemaUrl, () => {
      this.#cursor.text(0x0a, scope.name ?? '', TEXT);
      if (scope.version) this.#cursor.text(0x12, scope.version, TEXT);
      const dropped = this.#attributes.write(0x1a, scope.attributes, NO_LIMIT);
      this.#count(0x20, (scope.droppedAttributesCount ?? 0) + dropped);
    });
    this.#scopes.set(scope, bytes);
    return bytes;
  }

  #count(tag: number, count: number): void {
    if (count <= 0 || !this.#cursor.fits(6)) return;
    this.#cursor.byte(tag);
    this.#cursor.uint32(count);
  }

  #write(schemaUrl: string | undefined, fields: () => void): Uint8Array {
    const cursor = this.#cursor;
    // Room for an attribute that turns out to be past the budget only after it was written.
    cursor.open(new Uint8Array(this.#budget * 5 + TEXT * 12), 0);
    cursor.soft = this.#budget;
    cursor.byte(0x0a);
    const start = cursor.reserve(OUTER_WIDTH);
    fields();
    cursor.fill(start, OUTER_WIDTH);
    if (schemaUrl) cursor.text(0x1a, schemaUrl, TEXT);
    return Uint8Array.from(cursor.bytes.subarray(0, cursor.at));
  }
}

/**
 * Reads the raw attributes of a resource that still waits for detectors: the SDK's getter would print an error.
 * Earlier values win, as in the SDK.
 */
function settledAttributes(resource: Resource): Attributes {
  if (resource.asyncAttributesPending !== true) return resource.attributes;
  const attributes: Attributes = {};
  for (const [key, value] of resource.getRawAttributes()) {
    const isSettled = value !== undefined && value !== null && !isPromise(value);
    if (isSettled) attributes[key] ??= value;
  }
  return attributes;
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
