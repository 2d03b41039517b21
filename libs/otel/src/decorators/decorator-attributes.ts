import type { Attributes } from '@opentelemetry/api';
import { diag } from '../api/diag.js';

/** Fixed, or made of the method's arguments at each call. */
// eslint-disable-next-line typescript/no-explicit-any -- so that callers may name their arguments' types
export type DecoratorAttributes = Attributes | ((args: any) => Attributes);

/** A function that throws costs its attributes, not the call. */
export const attributesOf = (
  attributes: DecoratorAttributes | undefined,
  args: readonly unknown[],
): Attributes | undefined => {
  if (typeof attributes !== 'function') return attributes;
  try {
    return attributes(args);
  } catch (error) {
    diag.warn('The attributes of a decorated method could not be made', error);
    return undefined;
  }
};
