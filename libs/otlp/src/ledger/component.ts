import type { Attributes } from '@opentelemetry/api';
import { ATTR_COMPONENT_NAME, ATTR_COMPONENT_TYPE } from './semconv.js';

const counters = new Map<string, number>();

/**
 * `otel.component.type` and `otel.component.name` of one more component of a type: named by its number among them, so
 * that a restarted process has the same names.
 */
export function nextComponent(type: string): Attributes {
  const number = counters.get(type) ?? 0;
  counters.set(type, number + 1);
  return { [ATTR_COMPONENT_TYPE]: type, [ATTR_COMPONENT_NAME]: `${type}/${number}` };
}
