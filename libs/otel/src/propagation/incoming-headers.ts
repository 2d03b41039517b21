import { createContextKey } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';
import { BAGGAGE } from './baggage-propagator.js';
import { TRACEPARENT, TRACESTATE } from './trace-context.js';

export const W3C_HEADERS: readonly string[] = [TRACEPARENT, TRACESTATE];
export const B3_HEADERS: readonly string[] = [
  'b3',
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-parentspanid',
  'x-b3-sampled',
  'x-b3-flags',
];
const CONTEXT_HEADERS: readonly string[] = [...W3C_HEADERS, BAGGAGE, ...B3_HEADERS];
/** Longest header that is remembered after its request, which an idle connection may keep in memory. */
const LONGEST_KEPT = 256;

/** The headers of an incoming request or call. `undefined` if it has none of this name. */
export interface Incoming {
  incomingHeader(name: string): string | undefined;
}

const INCOMING = createContextKey('nestlens.propagation.incoming');

export const withIncoming = (context: Context, incoming: Incoming): Context =>
  context.setValue(INCOMING, incoming);

/** The incoming request or call that `context` belongs to, if any. */
export const incomingOf = (context: Context): Incoming | undefined =>
  context.getValue(INCOMING) as Incoming | undefined;

/** Whether there is an incoming request or call, whose headers could be passed on. */
export const carriesIncoming = (context: Context): boolean => incomingOf(context) !== undefined;

/** `name` in lower case. */
export const isContextHeader = (name: string): boolean =>
  name === BAGGAGE || W3C_HEADERS.includes(name) || B3_HEADERS.includes(name);

/** The headers that carry context. */
export type ContextHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The short ones of the headers that carry context: enough to know them again after the end of their request. */
export const shortContextHeaders = (headers: ContextHeaders): ContextHeaders | undefined => {
  let kept: Record<string, string> | undefined;
  for (const name of CONTEXT_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string' && value.length <= LONGEST_KEPT) (kept ??= {})[name] = value;
  }
  return kept;
};

/** Proxies may join and split headers of one name anew, with or without a space. */
const joinedAlike = (value: string): string =>
  value
    .split(',')
    .map((part) => part.trim())
    .join(',');

/** Returns true if the request or call of `context` brought exactly this value under this name. */
export const isPassedOn = (context: Context, name: string, value: string): boolean => {
  const incoming = incomingOf(context)?.incomingHeader(name);
  if (incoming === undefined) return false;
  return incoming === value || joinedAlike(incoming) === joinedAlike(value);
};
