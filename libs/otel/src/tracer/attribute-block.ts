import type { Attributes, Span } from '@opentelemetry/api';
import { cleanAttributes } from '@opentelemetry/core';
import { diag } from '../api/diag.js';

const UNLIMITED = { attributeCountLimit: Infinity, attributeValueLengthLimit: Infinity };

/**
 * Attributes that never change, such as those of a handler or a route. They are checked and copied once, for all spans
 * that get them.
 */
export interface AttributeBlock {
  readonly attributes: Readonly<Attributes>;
}

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

/** Copies `attributes`, without those that are none. Never throws. */
export const attributeBlock = (attributes: Attributes): AttributeBlock => ({
  attributes: Object.freeze(cleaned(attributes)),
});

/** Sets the attributes of `block` on any span. The last write of a key wins, before and after this. */
export const setBlock = (span: Span, block: AttributeBlock): void => {
  const taking = span as Partial<BlockSpan>;
  if (typeof taking.setBlock === 'function') taking.setBlock(block);
  else span.setAttributes(block.attributes);
};
