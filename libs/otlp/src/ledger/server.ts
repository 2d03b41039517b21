import type { Attributes } from '@opentelemetry/api';
import { ATTR_SERVER_ADDRESS, ATTR_SERVER_PORT } from './semconv.js';

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
