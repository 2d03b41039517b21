import type { TraceState } from '@opentelemetry/api';

const MOST_MEMBERS = 32;
/** Longest `tracestate` that is sent. The specification asks for 512 at least. */
const LONGEST = 4096;
/** Members longer than this are dropped first if a list is too long. */
const LONG_MEMBER = 128;
const KEY = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/;
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
/** One member between optional whitespace. Spaces that lead a value are part of it. */
const MEMBER =
  /^[ \t]*([a-z0-9][a-z0-9_\-*/@]{0,255})=([\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e])[ \t]*$/;
const BLANK = /^[ \t]*$/;

type Members = ReadonlyMap<string, string>;

const NONE: Members = new Map();

/** All members in their order. None if one is invalid or there are more than 32. */
const parse = (text: string): Members => {
  const members = new Map<string, string>();
  let count = 0;
  for (const part of text.split(',', LONGEST * 4)) {
    if (part === '' || BLANK.test(part)) continue;
    const match = MEMBER.exec(part);
    const [, key, value] = match ?? [];
    if (key === undefined || value === undefined || ++count > MOST_MEMBERS) return NONE;
    // The leftmost is the newest.
    if (!members.has(key)) members.set(key, value);
  }
  return members;
};

const lengthOf = ([key, value]: readonly [string, string]): number => key.length + value.length + 1;

/** Whole members only: the long ones go first, then those at the right. */
const shortened = (members: Members): (readonly [string, string])[] => {
  const kept = [...members];
  let length = kept.reduce((sum, member) => sum + lengthOf(member) + 1, -1);
  for (let excess = length - LONGEST; excess > 0; excess = length - LONGEST) {
    const long = kept.findLastIndex((member) => lengthOf(member) > LONG_MEMBER);
    const [removed] = kept.splice(long === -1 ? kept.length - 1 : long, 1);
    length -= removed === undefined ? length : lengthOf(removed) + 1;
  }
  return kept;
};

/**
 * The list of `tracestate`, by W3C Trace Context Level 2, section 3.3. A list with an invalid member or more than 32
 * members is discarded as a whole; of two members with one key the left one stays. Read when it is first asked for.
 */
export class W3CTraceState implements TraceState {
  readonly #text: string;
  #members: Members | undefined;
  #serialized: string | undefined;

  constructor(text: string, members?: Members) {
    this.#text = text;
    this.#members = members;
  }

  get(key: string): string | undefined {
    return this.#all().get(key);
  }

  /** Puts the member at the left. Ignored if key or value is invalid. With 32 others, the rightmost is dropped. */
  set(key: string, value: string): W3CTraceState {
    if (!KEY.test(key) || !VALUE.test(value)) return this;
    const others = [...this.#all()].filter(([other]) => other !== key);
    return new W3CTraceState('', new Map([[key, value], ...others.slice(0, MOST_MEMBERS - 1)]));
  }

  unset(key: string): W3CTraceState {
    return new W3CTraceState('', new Map([...this.#all()].filter(([other]) => other !== key)));
  }

  /** At most 4,096 characters. Empty if there is nothing to send. */
  serialize(): string {
    return (this.#serialized ??= shortened(this.#all())
      .map(([key, value]) => `${key}=${value}`)
      .join(','));
  }

  #all(): Members {
    return (this.#members ??= parse(this.#text));
  }
}

/** The part of any trace state that may be sent. */
export const serializeTraceState = (state: TraceState): string =>
  state instanceof W3CTraceState
    ? state.serialize()
    : new W3CTraceState(state.serialize()).serialize();
