/** Names of semantic conventions 1.45, sections "SDK metrics" and "otel" (development), as far as used here. */
export const ATTR_COMPONENT_NAME = 'otel.component.name';
export const ATTR_COMPONENT_TYPE = 'otel.component.type';
export const ATTR_ERROR_TYPE = 'error.type';
export const ATTR_HTTP_STATUS = 'http.response.status_code';
export const ATTR_SAMPLING_RESULT = 'otel.span.sampling_result';
export const ATTR_RPC_STATUS = 'rpc.status_code';
export const ATTR_SERVER_ADDRESS = 'server.address';
export const ATTR_SERVER_PORT = 'server.port';

export const METRIC_OPERATION_DURATION = 'otel.sdk.exporter.operation.duration';

/** The items of a signal, in names and units. */
export const ITEM = {
  traces: { noun: 'span', unit: '{span}', kind: 'span' },
  metrics: { noun: 'metric_data_point', unit: '{data_point}', kind: 'metric' },
  logs: { noun: 'log', unit: '{log_record}', kind: 'log' },
} as const;

/** Attributes of our own. */
export const ATTR_SIGNAL = 'nestlens.otlp.signal';
export const ATTR_PART = 'nestlens.otlp.part';
export const ATTR_BREAKER_STATE = 'nestlens.otlp.breaker.state';
