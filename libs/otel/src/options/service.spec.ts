import { signalStatus } from '../engine/fixtures/signal-status.js';
import { buildResource } from '../providers/resource.js';
import { Inventory } from '../report/inventory.js';
import { shutdownReport } from '../report/shutdown-report.js';
import { startupReport } from '../report/startup-report.js';
import type { OtelModuleOptions } from './otel.options.js';
import { resolveConfig } from './resolve.js';

const STATUS = { traces: signalStatus(), metrics: signalStatus(), logs: signalStatus() };

/** The service's name in each place: configuration, resource, start block and line at exit. */
const placesOf = (options: OtelModuleOptions, variables: NodeJS.ProcessEnv) => {
  const config = resolveConfig(options, variables);
  const block = startupReport(config, { name: 'sdk', destinations: [] }, new Inventory());
  const exit = shutdownReport(config.service.name, STATUS);
  const { attributes } = buildResource({ ...config.resource, detectors: [] });
  return {
    config: config.service.name,
    resource: attributes['service.name'],
    version: [config.service.version, attributes['service.version']],
    row: /^ {2}service +(.*)$/m.exec(block)?.[1],
    exit: /"service":"([^"]*)"/.exec(exit)?.[1],
  };
};

describe('the name of the service', () => {
  const variable = { OTEL_RESOURCE_ATTRIBUTES: 'service.name=shop%20one, service.version=1.2' };

  it.each<[string, OtelModuleOptions, NodeJS.ProcessEnv, string, string | undefined]>([
    ['OTEL_RESOURCE_ATTRIBUTES', {}, variable, 'shop one', '1.2'],
    ['OTEL_SERVICE_NAME', {}, { ...variable, OTEL_SERVICE_NAME: 'named' }, 'named', '1.2'],
    [
      'resource.attributes',
      { resource: { attributes: { 'service.name': 'given', 'service.version': '2' } } },
      { ...variable, OTEL_SERVICE_NAME: 'named' },
      'given',
      '2',
    ],
    [
      'service',
      {
        service: { name: 'first', version: '3' },
        resource: { attributes: { 'service.name': 'given', 'service.version': '2' } },
      },
      variable,
      'first',
      '3',
    ],
    [
      'OTEL_SERVICE_NAME without the environment detector',
      { resource: { detectors: ['host'] } },
      { ...variable, OTEL_SERVICE_NAME: 'named' },
      'named',
      undefined,
    ],
  ])('is the same everywhere if it comes from %s', (_by, options, variables, name, version) => {
    expect(placesOf(options, variables)).toEqual({
      config: name,
      resource: name,
      version: [version, version],
      row: version === undefined ? name : `${name} ${version}`,
      exit: name,
    });
  });

  it.each<[string, OtelModuleOptions, NodeJS.ProcessEnv]>([
    ['there is none', {}, {}],
    ['the variable is invalid', {}, { OTEL_RESOURCE_ATTRIBUTES: 'service.name=shop,team' }],
    ['its detector is off', { resource: { detectors: [] } }, variable],
    ['it is empty', { resource: { attributes: { 'service.name': ' ' } } }, {}],
  ])('is that of the executable if %s, with one hint', (_why, options, variables) => {
    const unknown = 'unknown_service:node';
    expect(placesOf(options, variables)).toEqual({
      config: unknown,
      resource: unknown,
      version: [undefined, undefined],
      row: `${unknown}; name it by service.name or OTEL_SERVICE_NAME`,
      exit: unknown,
    });
  });

  it('may be quoted by mistake: a quoted endpoint leads to a warning that the default is used', () => {
    const { warnings } = resolveConfig({}, { OTEL_EXPORTER_OTLP_ENDPOINT: '"http://a:4317"' });
    expect(warnings).toEqual([expect.stringMatching(/ quotes are .*; .* the default is used\.$/)]);
  });

  it('leads to a warning if it is in quotes', () => {
    const { warnings } = resolveConfig({}, { OTEL_SERVICE_NAME: '"shop"' });
    expect(warnings).toEqual([expect.stringMatching(/^OTEL_SERVICE_NAME=.*quotes/)]);
  });
});

describe('the path of an endpoint', () => {
  const ALL = 'OTEL_EXPORTER_OTLP_ENDPOINT';
  const TRACES = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  const http = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' };

  it.each<[string, OtelModuleOptions, NodeJS.ProcessEnv, RegExp]>([
    [
      'with a signal, for all',
      {},
      { [ALL]: 'http://c:4318/v1/traces' },
      /^OTEL_EXPORTER_OTLP_ENDPOINT: .*\/v1\/traces\/v1\/<signal> is asked for\. Write http:\/\/c:4318\.$/,
    ],
    [
      'with a signal and a slash, below a path',
      {},
      { [ALL]: 'http://c/otlp/v1/logs/' },
      /Write http:\/\/c\/otlp\.$/,
    ],
    [
      'with a signal, in code',
      { otlp: { endpoint: 'http://c:4318/v1/metrics' } },
      {},
      /^otlp\.endpoint: it ends in \/v1\/metrics/,
    ],
    [
      'of another signal',
      {},
      { [TRACES]: 'http://c:4318/v1/logs' },
      /^OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: .*is for logs\. Write http:\/\/c:4318\/v1\/traces\.$/,
    ],
    [
      'of another signal, in code',
      { otlp: { logs: { endpoint: 'http://c:4318/v1/traces' } } },
      {},
      /^otlp\.logs\.endpoint: it ends in \/v1\/traces/,
    ],
    [
      'missing, for one signal',
      {},
      { [TRACES]: 'http://c:4318' },
      /^OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: .*as it is, without a path/,
    ],
    [
      'over gRPC',
      {},
      { [ALL]: 'http://c:4317/v1/traces', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      /ENDPOINT \(traces\): .*gRPC takes no path/,
    ],
    [
      'missing, on the port of the other protocol',
      {},
      { [ALL]: 'http://c:4317' },
      /ENDPOINT \(traces\): .*4317 is the port of OTLP over gRPC/,
    ],
  ])('leads to a warning with name and remedy: %s', (_what, options, variables, told) => {
    const { warnings } = resolveConfig(options, { ...http, ...variables });
    expect(warnings[0]).toMatch(told);
    expect(new Set(warnings).size).toBe(warnings.length);
  });

  it.each<[NodeJS.ProcessEnv]>([
    [{ [ALL]: 'http://c:4318' }],
    [{ [ALL]: 'http://c:4318/' }],
    [{ [ALL]: 'http://c:4318/otlp' }],
    [{ [TRACES]: 'http://c:4318/v1/traces' }],
    [{ [TRACES]: 'http://c:4318/custom' }],
    [{}],
  ])('leads to no warning: %j', (variables) => {
    expect(resolveConfig({}, { ...http, ...variables }).warnings).toEqual([]);
  });
});
