import { DEFAULT_DECODE_LIMITS } from './decode-limits.js';
import type { DecodeLimits } from './decode-limits.js';
import { WireError } from './wire-error.js';

/** The most JSON levels of one level of AnyValue: `{kvlistValue: {values: [{value: ...`. */
const LEVELS_PER_VALUE = 4;
/** JSON levels around the outermost value, with room for later versions of OTLP. */
const LEVELS_AROUND = 32;
/** Brackets, commas and colons allowed for each value: an attribute has 7, most of a request has fewer. */
const PARTS_PER_VALUE = 3;
/** Integers with more digits may not fit in a double. */
const SAFE_DIGITS = 15;

/**
 * Parses the text of an OTLP/JSON body. Scans it first, since JSON.parse has no bounds: `[[[...` and `{},{},...` cost
 * far more memory than text. Integers beyond 2^53 become bigints instead of losing digits.
 */
export function parseJson(text: string, limits: Partial<DecodeLimits> = {}): unknown {
  const source = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  const exact = inspect(source, limits);
  try {
    return exact ? JSON.parse(source, keepDigits) : JSON.parse(source);
  } catch (error) {
    throw new WireError('json_syntax', 'not JSON', placeOf(error));
  }
}

/** Bounds depth and number of parts. Returns true if there may be an integer that a double cannot hold. */
function inspect(text: string, limits: Partial<DecodeLimits>): boolean {
  const maxLevels =
    (limits.maxDepth ?? DEFAULT_DECODE_LIMITS.maxDepth) * LEVELS_PER_VALUE + LEVELS_AROUND;
  const maxParts = (limits.maxValues ?? DEFAULT_DECODE_LIMITS.maxValues) * PARTS_PER_VALUE;
  let levels = 0;
  let parts = 0;
  let digits = 0;
  let exact = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char >= 0x30 && char <= 0x39) {
      if (++digits > SAFE_DIGITS) exact = true;
      continue;
    }
    digits = 0;
    if (char === 0x22) {
      at = endOfString(text, at + 1);
    } else if (char === 0x7b || char === 0x5b) {
      if (++levels > maxLevels) throw new WireError('depth', 'JSON nested too deep', `char ${at}`);
      parts++;
    } else if (char === 0x2c || char === 0x3a) {
      if (++parts > maxParts) throw new WireError('too_many', 'too many JSON values', `char ${at}`);
    } else if (char === 0x7d || char === 0x5d) {
      levels--;
    }
  }
  return exact;
}

function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from); end !== -1; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === 0x5c && end - 1 - escapes >= from) escapes++;
    if (escapes % 2 === 0) return end;
  }
  return text.length;
}

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

/** The engine's message quotes the body, so only its position is used. */
function placeOf(error: unknown): string {
  const message = (error as { readonly message?: unknown } | null)?.message;
  const position = /position (\d+)/.exec(typeof message === 'string' ? message : '')?.[1];
  return position === undefined ? '' : `char ${position}`;
}
