import { AnyValueWriter } from './any-value.js';
import { AttributeWriter } from './attributes.js';
import { Cursor } from './cursor.js';
import { Dictionary } from './dictionary.js';
import { DEFAULT_ENCODE_LIMITS, encodeLimits } from './limits.js';
import type { EncodeLimits, OpenLosses } from './limits.js';
import { Prefixes } from './prefix.js';

/** The writers that the encoder of one signal uses. All but the prefixes share one cursor. */
export interface Writers {
  readonly cursor: Cursor;
  readonly limits: EncodeLimits;
  readonly losses: OpenLosses;
  readonly values: AnyValueWriter;
  readonly attributes: AttributeWriter;
  readonly prefixes: Prefixes;
}

/** Bytes of the attributes of a resource or scope. */
const PREFIX_BYTES = 65_536;

/** `valueLength` of attributes comes from the limits unless it is given. */
export function createWriters(given: Partial<EncodeLimits> = {}, valueLength?: number): Writers {
  const limits = encodeLimits(given);
  const losses: OpenLosses = { attributes: 0, events: 0, links: 0, values: 0 };
  const dictionary = new Dictionary();
  const cursor = new Cursor();
  const values = new AnyValueWriter(cursor, limits, losses);
  return {
    cursor,
    limits,
    losses,
    values,
    attributes: new AttributeWriter(
      cursor,
      dictionary,
      values,
      losses,
      valueLength ?? limits.valueLength,
    ),
    prefixes: createPrefixes(dictionary, losses),
  };
}

/**
 * Attribute limits of the SDK do not apply to resources and scopes (SDK specification, attribute limits). Memory
 * bounds do.
 */
function createPrefixes(dictionary: Dictionary, losses: OpenLosses): Prefixes {
  const limits = DEFAULT_ENCODE_LIMITS;
  const cursor = new Cursor();
  const values = new AnyValueWriter(cursor, limits, losses);
  const { valueLength } = limits;
  const attributes = new AttributeWriter(cursor, dictionary, values, losses, valueLength);
  return new Prefixes(cursor, attributes, PREFIX_BYTES);
}
