import { baggageEntryMetadataFromString, propagation } from '@opentelemetry/api';
import type { Baggage, BaggageEntry } from '@opentelemetry/api';

/** Most list members (W3C Baggage, section 3.3.1). All of 64 members have to be carried on. */
const MOST_MEMBERS = 180;
/** Longest list in bytes, which has to be carried on (W3C Baggage, section 3.3.2). */
const LONGEST = 8192;

/** `token` of RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** The characters that `encodeURIComponent` does not change. */
const PLAIN = /^[A-Za-z0-9\-_.!~*'()]*$/;
/** The characters that may be neither in a property nor in the space around it. A comma would begin another member. */
const NOT_IN_PROPERTIES = /[^\x20\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]/gu;
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;
const ESCAPES = /(?:%[0-9A-Fa-f]{2})+/g;

const encoded = (value: string): string =>
  PLAIN.test(value) ? value : encodeURIComponent(value.toWellFormed());

/** Bytes that are no UTF-8 become U+FFFD. A `%` without two hex digits stays as it is. */
const decoded = (value: string): string => {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value.replace(ESCAPES, (escapes) =>
      Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'),
    );
  }
};

// gRPC metadata takes no tab, which here is as good as a space.
const encodedProperties = (properties: string): string =>
  properties
    .trim()
    .replaceAll('\t', ' ')
    .replace(NOT_IN_PROPERTIES, (character) => encodeURIComponent(character.toWellFormed()));

/** The text of one list member. `undefined` if its key is no token or its parts cannot be read. */
const memberOf = (key: string, { value, metadata }: BaggageEntry): string | undefined => {
  if (!TOKEN.test(key)) return undefined;
  try {
    // The API accepts any value, so a number becomes text as well.
    const member = `${key}=${encoded(typeof value === 'string' ? value : String(value))}`;
    if (metadata === undefined) return member;
    const properties = encodedProperties(metadata.toString());
    return properties === '' ? member : `${member};${properties}`;
  } catch {
    return undefined;
  }
};

/** A list and the members that are not in it, because they cannot be sent or the list is full. */
interface SerializedBaggage {
  readonly list: string;
  readonly leftOut: number;
}

export const serializeBaggage = (baggage: Baggage): SerializedBaggage => {
  let list = '';
  let count = 0;
  let leftOut = 0;
  for (const [key, entry] of baggage.getAllEntries()) {
    const member = memberOf(key, entry);
    const length = list.length + (count === 0 ? 0 : 1) + (member?.length ?? 0);
    if (member === undefined || count === MOST_MEMBERS || length > LONGEST) {
      leftOut++;
      continue;
    }
    list += count === 0 ? member : `,${member}`;
    count++;
  }
  return { list, leftOut };
};

const entryOf = (value: string, properties: string): BaggageEntry => {
  const metadata = properties.trim();
  return metadata === ''
    ? { value: decoded(value) }
    : { value: decoded(value), metadata: baggageEntryMetadataFromString(metadata) };
};

/** The members of a list, and the number of those left out: invalid members, and all beyond the limits. */
interface ParsedBaggage {
  readonly baggage: Baggage | undefined;
  readonly leftOut: number;
}

/** If two members have one key, the right one counts. Values are decoded, and keys and properties are not. */
export const parseBaggage = (list: string): ParsedBaggage => {
  const entries: Record<string, BaggageEntry> = {};
  const hasControl = CONTROL.test(list);
  let count = 0;
  let length = 0;
  let leftOut = 0;
  for (let at = 0; at <= list.length;) {
    const comma = list.indexOf(',', at);
    const end = comma === -1 ? list.length : comma;
    const member = list.slice(at, end).trim();
    at = end + 1;
    if (member === '') continue;
    const semicolon = member.indexOf(';');
    const pair = semicolon === -1 ? member : member.slice(0, semicolon);
    const equals = pair.indexOf('=');
    const key = pair.slice(0, Math.max(equals, 0)).trimEnd();
    const longer = length + member.length + (count === 0 ? 0 : 1);
    const isFull = count === MOST_MEMBERS || longer > LONGEST;
    if (isFull || !TOKEN.test(key) || (hasControl && CONTROL.test(member))) {
      leftOut++;
      continue;
    }
    const properties = semicolon === -1 ? '' : member.slice(semicolon + 1);
    const entry = entryOf(pair.slice(equals + 1).trimStart(), properties);
    if (key === '__proto__')
      Object.defineProperty(entries, key, { value: entry, enumerable: true });
    else entries[key] = entry;
    length = longer;
    count++;
  }
  return { baggage: count === 0 ? undefined : propagation.createBaggage(entries), leftOut };
};
