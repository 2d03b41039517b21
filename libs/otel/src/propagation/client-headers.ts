import { defaultTextMapSetter } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';
import { ownPropagator } from '../late-bound/own-telemetry.js';
import { BAGGAGE } from './baggage-propagator.js';
import { B3_HEADERS, W3C_HEADERS, isPassedOn } from './incoming-headers.js';

/** The headers of an outgoing request or call of any library. Names are given in lower case. */
export interface HeaderCarrier {
  /** All values of the name, joined by commas. `null` if they can no longer be read or changed. */
  get(name: string): string | null | undefined;
  set(name: string, value: string): void;
  /** Takes every value of the name away. */
  remove(name: string): void;
}

// The value of a propagator may come from anywhere; one that HTTP does not allow would throw in the app's own call.
const isHeaderText = (value: string): boolean => {
  if (value === '') return false;
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if ((code < 0x20 && code !== 0x09) || code > 0x7e) return false;
  }
  return true;
};

/** The formats that are written, with all headers that each has: one alone would contradict the others. */
const traceHeaders = (written: Readonly<Record<string, string>>): readonly string[] => {
  const names = Object.keys(written).filter((name) => name !== BAGGAGE);
  const isW3c = names.some((name) => W3C_HEADERS.includes(name));
  const isB3 = names.some((name) => B3_HEADERS.includes(name));
  if (isW3c && names.length <= W3C_HEADERS.length && !isB3) return W3C_HEADERS;
  return [...new Set([...names, ...(isW3c ? W3C_HEADERS : []), ...(isB3 ? B3_HEADERS : [])])];
};

/** Makes room for our headers by removing those that were only passed on. `false` if the app chose a value itself. */
const makeRoom = (context: Context, headers: HeaderCarrier, names: readonly string[]): boolean => {
  const passedOn: string[] = [];
  for (const name of names) {
    const value = headers.get(name);
    if (value === undefined) continue;
    if (value === null || !isPassedOn(context, name, value)) return false;
    passedOn.push(name);
  }
  for (const name of passedOn) headers.remove(name);
  return true;
};

/**
 * Puts `context` into the headers. Headers of the app's own choice stay: with any trace header of theirs, none of ours
 * is added, and baggage is judged on its own. A header that equals the one of the incoming request was only passed on,
 * and ours takes its place. A value that is no header text is left out.
 */
export const injectContext = (context: Context, headers: HeaderCarrier): void => {
  const written: Record<string, string> = {};
  ownPropagator.inject(context, written, defaultTextMapSetter);
  const trace = traceHeaders(written);
  const hasRoom = trace.length > 0 && makeRoom(context, headers, trace);
  for (const [name, value] of Object.entries(written)) {
    if (!isHeaderText(value)) continue;
    if (name === BAGGAGE ? makeRoom(context, headers, [BAGGAGE]) : hasRoom) {
      headers.set(name, value);
    }
  }
};
