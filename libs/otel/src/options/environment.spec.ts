import { Environment } from './environment.js';
import { resolveConfig } from './resolve.js';

const OTLP = 'OTEL_EXPORTER_OTLP';
const warningsOf = (variables: NodeJS.ProcessEnv): readonly string[] =>
  resolveConfig({}, variables).warnings;

describe('the names of variables', () => {
  it.each([
    ['OTEL_TRACE_SAMPLER', 'OTEL_TRACES_SAMPLER'],
    ['OTEL_SERVICENAME', 'OTEL_SERVICE_NAME'],
    ['otel_service_name', 'OTEL_SERVICE_NAME'],
    [`${OTLP}_HEADER`, `${OTLP}_HEADERS`],
    [`${OTLP}_LOG_ENDPOINT`, `${OTLP}_LOGS_ENDPOINT`],
    ['OTLP_EXPORTER_OTLP_ENDPOINT', `${OTLP}_ENDPOINT`],
    ['NESTLENS_OTLP_SPOOL_DIRECTORI', 'NESTLENS_OTLP_SPOOL_DIRECTORY'],
  ])('lead to a warning for %s that suggests %s and does not show the value', (name, meant) => {
    const warnings = warningsOf({ [name]: 'authorization=canary' });
    expect(warnings).toEqual([`${name}: no such variable is read; did you mean ${meant}?`]);
  });

  it.each([
    'OTEL_SEMCONV_STABILITY_OPT_IN',
    'OTEL_METRICS_EXEMPLAR_FILTER',
    'OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION',
    'OTEL_EXPORTER_JAEGER_ENDPOINT',
    'OTEL_EXPORTER_ZIPKIN_TIMEOUT',
    'OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT',
    'OTEL_NODE_ENABLED_INSTRUMENTATIONS',
    // Kubernetes sets these for a service with the name otel.
    'OTEL_SERVICE_HOST',
    'OTEL_SERVICE_PORT',
    'OTEL_PORT_4317_TCP_ADDR',
    'NODE_ENVS',
    'ORDERS_URL',
    'PATH',
  ])('lead to no warning for %s', (name) => {
    expect(warningsOf({ [name]: 'x' })).toEqual([]);
  });

  it('may differ in case from a variable with the same value, as on Windows', () => {
    const environment = new Environment({ otel_service_name: 'a', OTEL_SERVICE_NAME: 'a' });
    environment.warnOfMisspelt();
    expect(environment.warnings).toEqual([]);
  });
});

describe('the values of variables', () => {
  it.each([
    'OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN',
    'OTEL_SDK_DISABLED',
    'OTEL_NODE_EXPERIMENTAL_SDK_METRICS',
    'OTEL_LOG_LEVEL',
    'OTEL_LOGS_EXPORTER',
    'OTEL_EXPORTER_PROMETHEUS_PORT',
    'OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT',
  ])('lead to one warning if %s is invalid', (name) => {
    expect(warningsOf({ [name]: 'no-such-value' })).toEqual([
      expect.stringMatching(new RegExp(`^${name}="no-such-value": `)),
    ]);
  });
});
