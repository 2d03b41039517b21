import type { Attributes } from '@opentelemetry/api';
import {
  ATTR_COMPONENT_NAME,
  ATTR_COMPONENT_TYPE,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
} from './semconv.js';

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

/** The collector; without either where it is a unix socket. */
export interface Server {
  readonly serverAddress?: string;
  readonly serverPort?: number;
}

/** `server.address` and `server.port`. */
export function serverAttributes({ serverAddress, serverPort }: Server): Attributes {
  return {
    ...(serverAddress === undefined ? {} : { [ATTR_SERVER_ADDRESS]: serverAddress }),
    ...(serverPort === undefined ? {} : { [ATTR_SERVER_PORT]: serverPort }),
  };
}
