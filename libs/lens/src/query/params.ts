import { failure, type Answer } from './answer.js';

const MAX_SHOWN = 80;

interface NumberRule {
  readonly min: number;
  readonly max: number;
  /** The value if the key is absent. */
  readonly fallback: number;
}

/**
 * Reads the query string of one request. A wrong value is noted and replaced by its default, so that a handler reads
 * all its keys first and asks for `fault()` once.
 */
export class Params {
  readonly #params: URLSearchParams;
  readonly #known = new Set<string>();
  #fault: Answer | undefined;

  constructor(params: URLSearchParams) {
    this.#params = params;
  }

  /** The first fault of the query, including unknown and repeated keys. */
  fault(): Answer | undefined {
    if (this.#fault !== undefined) return this.#fault;
    for (const key of this.#params.keys()) {
      if (this.#known.has(key)) continue;
      const known = [...this.#known].join(', ') || 'none';
      return failure(
        400,
        'unknown_parameter',
        `"${shown(key)}" is not a parameter; write: ${known}`,
      );
    }
    return undefined;
  }

  text(key: string): string | undefined {
    this.#known.add(key);
    const values = this.#params.getAll(key);
    if (values.length > 1) this.#refuse(key, values.join(','), 'the key once');
    return values[0] === '' ? undefined : values[0];
  }

  oneOf<T extends string>(key: string, allowed: readonly T[]): T | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    const found = allowed.find((candidate) => candidate === value.toLowerCase());
    return found ?? this.#refuse(key, value, allowed.join(', '));
  }

  integer(key: string, { min, max, fallback }: NumberRule): number {
    const value = this.text(key);
    if (value === undefined) return fallback;
    const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    this.#refuse(key, value, `a whole number from ${min} to ${max}`);
    return fallback;
  }

  milliseconds(key: string): number | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    if (/^\d{1,12}(\.\d{1,9})?$/.test(value)) return Number(value);
    return this.#refuse(key, value, 'milliseconds, such as 250 or 0.5');
  }

  /** Unix nanoseconds (15 digits or more), Unix milliseconds (14 or fewer) or a date, in nanoseconds. */
  time(key: string): bigint | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    if (/^\d{1,14}$/.test(value)) return BigInt(value) * 1_000_000n;
    if (/^\d{15,19}$/.test(value)) return BigInt(value);
    const ms = /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value) : Number.NaN;
    if (ms >= 0) return BigInt(ms) * 1_000_000n;
    return this.#refuse(key, value, 'Unix ns, Unix ms or a date such as 2026-11-20T14:02:00Z');
  }

  traceId(key: string): string | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    return traceIdOf(value) ?? this.#refuse(key, value, '32 hex digits');
  }

  /** The cursor of an earlier answer; undefined for the first page. */
  cursor(): number | undefined {
    const value = this.text('cursor');
    if (value === undefined) return undefined;
    if (/^\d{1,15}$/.test(value)) return Number(value);
    return this.#refuse('cursor', value, 'the nextCursor of an answer, unchanged');
  }

  limit(fallback = 100): number {
    return this.integer('limit', { min: 1, max: 1_000, fallback });
  }

  #refuse(key: string, value: string, write: string): undefined {
    this.#fault ??= failure(
      400,
      'bad_parameter',
      `${key}="${shown(value)}" is wrong; write ${write}`,
    );
    return undefined;
  }
}

export function traceIdOf(value: string): string | undefined {
  return /^[0-9a-f]{32}$/i.test(value) ? value.toLowerCase() : undefined;
}

function shown(value: string): string {
  return value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}...` : value;
}
