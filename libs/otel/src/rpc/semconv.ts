/** Development in the conventions 1.45, so copied here. */
export const ATTR_RPC_REQUEST_HEADER = (key: string): string => `rpc.request.header.${key}`;
/** Development in the conventions 1.45, so copied here. */
export const EVENT_RPC_SERVER_CALL_EXCEPTION = 'rpc.server.call.exception';

/** No convention has this name. OpenTelemetry's own Nest instrumentation uses it. */
export const ATTR_NESTJS_CONTROLLER = 'nestjs.controller';
/** No convention has this name. OpenTelemetry's own Nest instrumentation uses it. */
export const ATTR_NESTJS_CALLBACK = 'nestjs.callback';

/** `rpc.method` of a method that the server does not know. */
export const RPC_METHOD_OTHER = '_OTHER';

/** Seconds, as advised for `rpc.server.call.duration` and `rpc.client.call.duration`. */
export const CALL_DURATION_BUCKETS: number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];
