import { DEFAULT_ENCODE_LIMITS } from '@nestlens/otlp';
import type { EncodeLimits } from '@nestlens/otlp';
import type { OtelConfig } from '../options/otel.config.js';

/** Bytes of a UTF-16 unit at most. */
const UNIT_BYTES = 3;

/**
 * The pipeline's own limits, raised if `traces.limits` asks for more than they let through. For lower limits the SDK
 * has truncated the values before. An item then has room for one value that long besides.
 */
export const encodeLimitsOf = ({ traces: { limits } }: OtelConfig): Partial<EncodeLimits> => {
  const own = DEFAULT_ENCODE_LIMITS;
  const valueLength = Math.max(own.valueLength, limits.attributeValueLengthLimit ?? 0);
  return {
    attributes: Math.max(own.attributes, limits.attributeCountLimit ?? 0),
    valueLength,
    events: Math.max(own.events, limits.eventCountLimit ?? 0),
    links: Math.max(own.links, limits.linkCountLimit ?? 0),
    nestedAttributes: Math.max(
      own.nestedAttributes,
      limits.attributePerEventCountLimit ?? 0,
      limits.attributePerLinkCountLimit ?? 0,
    ),
    itemBytes: own.itemBytes + (valueLength - own.valueLength) * UNIT_BYTES,
  };
};
