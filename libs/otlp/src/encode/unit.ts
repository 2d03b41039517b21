import type { Resource } from '@opentelemetry/resources';
import { OUTER_WIDTH, writeLength } from './cursor.js';
import type { Cursor } from './cursor.js';
import type { Prefixes, Scope } from './prefix.js';

const RESOURCE_TAG = 0x0a;
const SCOPE_TAG = 0x12;

/**
 * Completes the unit that is open in `target` and ends at `end`. `resourceAt` and `scopeAt` are the offsets of the
 * lengths of its last ResourceSpans (or ResourceLogs, ResourceMetrics) and of its last ScopeSpans, 0 for none. It
 * changes those eight bytes only. It may be called again when the unit has grown.
 */
function patchLengths(target: Uint8Array, resourceAt: number, scopeAt: number, end: number): void {
  if (scopeAt > 0) writeLength(target, scopeAt, OUTER_WIDTH, end - scopeAt - OUTER_WIDTH);
  if (resourceAt > 0) writeLength(target, resourceAt, OUTER_WIDTH, end - resourceAt - OUTER_WIDTH);
}

/**
 * The frame around items in one target: ResourceSpans { resource, schema URL, ScopeSpans { scope, schema URL, items }
 * ... } ... Items come in runs of one resource and scope; a change closes the open frames and opens new ones. All
 * signals have the same field numbers here, and requests of one signal are joined by concatenation.
 */
export class Unit {
  /** Where the last item ends. */
  end = 0;
  /** Offset of the last length of a resource, 0 for none. */
  resourceAt = 0;
  /** Offset of the last length of a scope, 0 for none. */
  scopeAt = 0;
  readonly #cursor: Cursor;
  readonly #prefixes: Prefixes;
  #target: Uint8Array = new Uint8Array(0);
  #resource: Resource | undefined;
  #scope: Scope | undefined;
  #resourceAt = 0;
  #scopeAt = 0;

  /** `prefixes` must write through a cursor of their own. */
  constructor(cursor: Cursor, prefixes: Prefixes) {
    this.#cursor = cursor;
    this.#prefixes = prefixes;
  }

  /** Forgets the last target. Its lengths stay as they are, unless {@link close} was called before. */
  open(target: Uint8Array, offset: number): void {
    this.#target = target;
    this.end = offset;
    this.resourceAt = 0;
    this.scopeAt = 0;
    this.#resource = undefined;
    this.#scope = undefined;
  }

  /** Moves the cursor to where an item of `scope` goes, with `budget` bytes for it. */
  begin(resource: Resource, scope: Scope, budget: number): void {
    const cursor = this.#cursor;
    cursor.open(this.#target, this.end);
    cursor.soft = this.end + budget;
    this.#resourceAt = this.resourceAt;
    this.#scopeAt = this.scopeAt;
    // If nothing is open, an undefined resource must not count as the one that was open before.
    const isOpen = this.resourceAt > 0 && this.#resource === resource;
    if (isOpen && this.#scope === scope) return;
    if (!isOpen) {
      this.#resourceAt = this.#frame(RESOURCE_TAG, this.#prefixes.resource(resource));
    }
    this.#scopeAt = this.#frame(SCOPE_TAG, this.#prefixes.scope(scope));
    cursor.soft = cursor.at + budget;
  }

  /**
   * Takes the bytes from {@link begin} to the cursor as an item. Returns false, and takes none of them, if it did not
   * fit.
   */
  commit(resource: Resource, scope: Scope): boolean {
    const cursor = this.#cursor;
    if (cursor.full) return false;
    // The open frame ends where the item, with its own frame, begins.
    if (this.#scopeAt !== this.scopeAt) {
      const sameResource = this.#resourceAt === this.resourceAt;
      patchLengths(this.#target, sameResource ? 0 : this.resourceAt, this.scopeAt, this.end);
    }
    this.#resource = resource;
    this.#scope = scope;
    this.resourceAt = this.#resourceAt;
    this.scopeAt = this.#scopeAt;
    this.end = cursor.at;
    return true;
  }

  /** Completes the lengths and returns where the unit ends. More items may follow. */
  close(): number {
    patchLengths(this.#target, this.resourceAt, this.scopeAt, this.end);
    return this.end;
  }

  #frame(tag: number, prefix: Uint8Array): number {
    const cursor = this.#cursor;
    if (!cursor.fits(1)) return 0;
    cursor.byte(tag);
    const start = cursor.reserve(OUTER_WIDTH);
    cursor.copy(prefix);
    return start - OUTER_WIDTH;
  }
}
