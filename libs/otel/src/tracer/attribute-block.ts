import type { Attributes, Span } from '@opentelemetry/api';
import { cleanAttributes } from '@opentelemetry/core';
import { AttributeBlock } from '@nestlens/otlp';
import { diag } from '../api/diag.js';

export type { AttributeBlock } from '@nestlens/otlp';

const UNLIMITED = { attributeCountLimit: Infinity, attributeValueLengthLimit: Infinity };

/** A span that takes a block whole. */
interface BlockSpan extends Span {
  setBlock(block: AttributeBlock): void;
}

const cleaned = (attributes: Attributes): Attributes => {
  try {
    return cleanAttributes(attributes, UNLIMITED).attributes ?? {};
  } catch (error) {
    diag.warn('Attributes could not be read, and are left out', error);
    return {};
  }
};

/**
 * Attributes that never change, such as those of a handler or a route: copied without those that are none, and encoded
 * once for all spans that get them. Never throws.
 */
export const attributeBlock = (attributes: Attributes): AttributeBlock =>
  new AttributeBlock(Object.freeze(cleaned(attributes)));

/** Sets the attributes of `block` on any span. The last write of a key wins, before and after this. */
export const setBlock = (span: Span, block: AttributeBlock): void => {
  const taking = span as Partial<BlockSpan>;
  if (typeof taking.setBlock === 'function') taking.setBlock(block);
  else span.setAttributes(block.attributes);
};
