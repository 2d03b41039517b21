import { defaultTextMapSetter } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';
import { ownPropagator } from '../telemetry.js';

/** The headers of an outgoing request, whoever sends it. */
export interface HeaderCarrier {
  has(name: string): boolean;
  set(name: string, value: string): void;
}

const BAGGAGE = 'baggage';
const TRACEPARENT = 'traceparent';
/** Where the flags begin in `00-<trace id>-<span id>-<flags>`. */
const FLAGS_AT = 53;
/** Sampled and random: the flags that W3C Trace Context Level 2 knows. */
const KNOWN_FLAGS = 0b11;

// A context that only passes through keeps the flags of the caller, known or not; all others go out as 0.
const knownFlagsOnly = (traceparent: string): string => {
  const flags = Number.parseInt(traceparent.slice(FLAGS_AT), 16) & KNOWN_FLAGS;
  return `${traceparent.slice(0, FLAGS_AT)}0${flags}`;
};

// Baggage may come from any transport; what HTTP does not allow would throw in the app's own call.
const isHeaderText = (value: string): boolean => {
  if (value === '') return false;
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if ((code < 0x20 && code !== 0x09) || code > 0x7e) return false;
  }
  return true;
};

/**
 * Puts `context` into the headers. The user's own headers stay: with any trace header of theirs, none of
 * ours is added. A value that is no header text is left out.
 */
export const injectContext = (context: Context, headers: HeaderCarrier): void => {
  const found: Record<string, string> = {};
  ownPropagator.inject(context, found, defaultTextMapSetter);
  const names = Object.keys(found);
  const hasOwnTrace = names.some((name) => name !== BAGGAGE && headers.has(name));
  for (const name of names) {
    const value = found[name];
    if (value === undefined || !isHeaderText(value)) continue;
    if (name === BAGGAGE ? headers.has(name) : hasOwnTrace) continue;
    headers.set(name, name === TRACEPARENT ? knownFlagsOnly(value) : value);
  }
};
