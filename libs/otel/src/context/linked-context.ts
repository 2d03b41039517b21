import type { Context } from '@opentelemetry/api';

// Deeper than any honest nesting of different keys; a loop that sets two keys in turn stays bounded by it.
const DEEPEST = 16;

/**
 * A context that holds one value and points to the one before it. The API's own copies all values into a
 * new map, and makes three closures, for each value that is set: twice or thrice for every request that was
 * a quarter of all that a request cost us.
 */
class LinkedContext implements Context {
  private readonly parent: LinkedContext | undefined;
  private readonly key: symbol | undefined;
  private readonly value: unknown;
  private readonly depth: number;

  constructor(parent?: LinkedContext, key?: symbol, value?: unknown) {
    this.parent = parent;
    this.key = key;
    this.value = value;
    this.depth = parent === undefined ? 0 : parent.depth + 1;
  }

  getValue(key: symbol): unknown {
    if (this.key === key) return this.value;
    let link = this.parent;
    while (link !== undefined) {
      if (link.key === key) return link.value;
      link = link.parent;
    }
    return undefined;
  }

  setValue(key: symbol, value: unknown): LinkedContext {
    const parent = this.key === key && this.parent !== undefined ? this.parent : this;
    return new LinkedContext(parent.depth < DEEPEST ? parent : parent.#without(key), key, value);
  }

  deleteValue(key: symbol): LinkedContext {
    return this.#without(key);
  }

  /** Has the same values except the one of `key`. Each key occurs once. */
  #without(key: symbol): LinkedContext {
    const links: LinkedContext[] = [this];
    const seen = new Set([key]);
    const kept: LinkedContext[] = [];
    for (let link = links.pop(); link?.key !== undefined; link = link.parent) {
      if (!seen.has(link.key)) kept.push(link);
      seen.add(link.key);
    }
    let copy = EMPTY_CONTEXT;
    for (const link of kept.toReversed()) copy = new LinkedContext(copy, link.key, link.value);
    return copy;
  }
}

/** The empty context in which each request begins. */
export const EMPTY_CONTEXT = new LinkedContext();
