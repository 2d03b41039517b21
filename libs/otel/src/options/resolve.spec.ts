import { inspect } from 'node:util';
import { OtelConfigError } from './faults.js';
import { sharedReads } from './destination.js';
import { resolveConfig } from './resolve.js';

const fixture = (name: string): string => new URL(`fixtures/${name}`, import.meta.url).pathname;

describe('resolveConfig', () => {
  it('has a default for each option', () => {
    const config = resolveConfig(undefined, {});
    expect(config.otlp.traces).toMatchObject({
      protocol: 'grpc',
      url: 'http://localhost:4317/',
      compression: 'none',
      timeoutMs: 10_000,
    });
    expect(config.traces).toMatchObject({
      exporters: ['otlp'],
      sampler: { kind: 'named', name: 'parentbased_always_on', ratio: 1 },
      propagators: ['tracecontext', 'baggage'],
      batch: { maxQueueSize: 2048, maxBatchSize: 512, delayMs: 5000, timeoutMs: 30_000 },
    });
    expect(config.logs.batch.delayMs).toBe(1000);
    expect(config.metrics).toMatchObject({ intervalMs: 60_000, timeoutMs: 30_000, runtime: true });
    expect(config.warnings).toEqual([]);
  });

  it('returns a deeply frozen object', () => {
    const config = resolveConfig({ service: { name: 'orders' } }, {});
    expect(() => Object.assign(config.otlp.traces, { url: 'x' })).toThrow(TypeError);
    expect(() => Object.assign(config.traces.batch, { delayMs: 1 })).toThrow(TypeError);
    expect(Object.isFrozen(config.warnings)).toBe(true);
  });

  it('prefers code to the environment, and the environment to the defaults', () => {
    const variables = {
      OTEL_SERVICE_NAME: 'from-env',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://env:4318/base/',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://logs:9999/exact',
      OTEL_BSP_SCHEDULE_DELAY: '250',
      OTEL_METRIC_EXPORT_INTERVAL: '2000',
    };
    const fromEnvironment = resolveConfig({}, variables);
    expect(fromEnvironment.service.name).toBe('from-env');
    expect(fromEnvironment.otlp.traces.url).toBe('http://env:4318/base/v1/traces');
    expect(fromEnvironment.otlp.logs.url).toBe('http://logs:9999/exact');
    expect(fromEnvironment.traces.batch.delayMs).toBe(250);
    expect(fromEnvironment.metrics).toMatchObject({ intervalMs: 2000, timeoutMs: 2000 });

    const fromCode = resolveConfig(
      {
        service: { name: 'from-code' },
        otlp: { endpoint: 'http://code:4318', metrics: { endpoint: 'http://metrics:1/m' } },
        traces: { batch: { delayMs: 100 } },
      },
      variables,
    );
    expect(fromCode.service.name).toBe('from-code');
    expect(fromCode.otlp.traces.url).toBe('http://code:4318/v1/traces');
    expect(fromCode.otlp.logs.url).toBe('http://code:4318/v1/logs');
    expect(fromCode.otlp.metrics.url).toBe('http://metrics:1/m');
    expect(fromCode.traces.batch.delayMs).toBe(100);
  });

  it('reads a gRPC endpoint without a scheme as https, or as http with the insecure flag', () => {
    const target = { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' };
    expect(resolveConfig({}, target).otlp.traces.url).toBe('https://collector:4317/');
    const insecure = { ...target, OTEL_EXPORTER_OTLP_INSECURE: 'true' };
    expect(resolveConfig({}, insecure).otlp.traces.url).toBe('http://collector:4317/');
  });

  it.each([
    ['https://c:443', 'grpc', 'https://c:443/'],
    ['https://c', 'grpc', 'https://c:4317/'],
    ['http://c:80/', 'grpc', 'http://c:80/'],
    ['https://anna:1@[::1]:443', 'grpc', 'https://[::1]:443/'],
    ['https://anna:443@c', 'grpc', 'https://c:4317/'],
    ['https://c:443', 'http/protobuf', 'https://c/v1/traces'],
    ['unix:/run/otel.sock', 'grpc', 'unix:/run/otel.sock'],
  ] as const)(
    'keeps the port of %s over %s, even the default port of its scheme',
    (endpoint, protocol, url) => {
      expect(resolveConfig({ otlp: { endpoint, protocol } }, {}).otlp.traces.url).toBe(url);
    },
  );

  it('keeps the port of an endpoint in a variable, with and without a scheme', () => {
    const urlOf = (endpoint: string): string =>
      resolveConfig({}, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }).otlp.traces.url;
    expect(urlOf('https://c:443')).toBe('https://c:443/');
    expect(urlOf('c:443')).toBe('https://c:443/');
  });

  it('uses the endpoint of one signal unchanged, even with a slash at its end', () => {
    const otlp = {
      protocol: 'http/json',
      traces: { endpoint: 'http://h:4318/v1/traces/' },
      logs: { endpoint: 'http://h' },
      metrics: { endpoint: 'unix:///run/otel.sock' },
    };
    const { traces, logs, metrics } = resolveConfig({ otlp }, {}).otlp;
    expect([traces.url, logs.url, metrics.url]).toEqual([
      'http://h:4318/v1/traces/',
      'http://h/',
      'unix:/run/otel.sock',
    ]);
  });

  it('warns once for each invalid variable, and uses the default', () => {
    const config = resolveConfig(
      {},
      {
        OTEL_EXPORTER_OTLP_TIMEOUT: '10s',
        OTEL_TRACES_SAMPLER: 'foo',
        OTEL_TRACES_SAMPLER_ARG: '50%',
        OTEL_PROPAGATORS: 'tracecontext,tracecontext,zz',
        OTEL_SDK_DISABLED: 'yes',
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://user:canary@[broken',
        OTEL_BSP_MAX_QUEUE_SIZE: '',
      },
    );
    expect(config.otlp.traces).toMatchObject({ timeoutMs: 10_000, url: 'http://localhost:4317/' });
    expect(config.traces.sampler).toEqual({
      kind: 'named',
      name: 'parentbased_always_on',
      ratio: 1,
    });
    expect(config.traces.propagators).toEqual(['tracecontext']);
    expect(config.disabled).toBe(false);
    expect(config.warnings.map((warning) => warning.split('=')[0]).toSorted()).toEqual([
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'OTEL_EXPORTER_OTLP_TIMEOUT',
      'OTEL_PROPAGATORS',
      'OTEL_SDK_DISABLED',
      'OTEL_TRACES_SAMPLER',
      'OTEL_TRACES_SAMPLER_ARG',
    ]);
    expect(config.warnings.join()).not.toMatch(/canary/);
  });

  it.each(['0x10', '-1', '1e99', '٣', '1.5'])(
    'ignores the invalid count %j with a warning',
    (value) => {
      const sdk = { otlp: { engine: 'sdk' } };
      const config = resolveConfig(sdk, { OTEL_BSP_MAX_QUEUE_SIZE: value });
      expect(config.traces.batch.maxQueueSize).toBe(2048);
      expect(config.warnings).toHaveLength(1);
    },
  );

  it('reads a timeout of zero as no limit', () => {
    const config = resolveConfig({}, { OTEL_EXPORTER_OTLP_TIMEOUT: '0' });
    expect(config.otlp.traces.timeoutMs).toBe(2_147_483_647);
  });

  it('turns credentials into headers that inspect() and JSON do not show', () => {
    const config = resolveConfig(
      {
        otlp: {
          endpoint: 'https://user:canary-url@collector:4317',
          headers: { 'X-Tenant': 'canary-header' },
          logs: { auth: { type: 'apiKey', key: 'canary-key' } },
          metrics: { auth: { type: 'bearer', token: 'canary-token' } },
        },
      },
      { OTEL_EXPORTER_OTLP_HEADERS: 'x-env=canary%20env,broken,=,ok=1' },
    );
    expect(config.otlp.traces.url).toBe('https://collector:4317/');
    expect(config.otlp.traces.headers.reveal()).toEqual({
      'x-env': 'canary env',
      ok: '1',
      authorization: `Basic ${Buffer.from('user:canary-url').toString('base64')}`,
      'x-tenant': 'canary-header',
    });
    expect(config.otlp.logs.headers.reveal()).toMatchObject({ 'x-api-key': 'canary-key' });
    expect(config.otlp.metrics.headers.reveal()).toMatchObject({
      authorization: 'Bearer canary-token',
    });
    const everything = inspect(config, { depth: null, showHidden: true }) + JSON.stringify(config);
    expect(everything).not.toMatch(/canary/);
    expect(everything).not.toContain(Buffer.from('user:canary-url').toString('base64'));
  });

  it('refuses a header from the environment that holds a line break', () => {
    const variables = { OTEL_EXPORTER_OTLP_HEADERS: 'a=1,evil=%0d%0acanary' };
    expect(() => resolveConfig({}, variables)).toThrow(OtelConfigError);
    expect(() => resolveConfig({}, variables)).toThrow(/OTEL_EXPORTER_OTLP_HEADERS: found \*\*\*;/);
  });

  it.each([
    [{ endpoint: 'http://c:4318', protocol: 'grpc' }, /port 4318 is the port of OTLP over HTTP/],
    [
      { endpoint: 'http://c:4317', protocol: 'http/json' },
      /port 4317 is the port of OTLP over gRPC/,
    ],
    [{ endpoint: 'http://c:4317/v1/traces', protocol: 'grpc' }, /gRPC takes no path/],
  ])('warns of a likely mistake in %j', (otlp, text) => {
    expect(resolveConfig({ otlp }, {}).warnings.join('\n')).toMatch(text);
  });

  describe('TLS files', () => {
    const otlp = (tls: object, endpoint = 'https://localhost:4317') => ({
      otlp: { endpoint, tls },
    });

    it('are read, and inspect() does not show the key', () => {
      const tls = {
        caFile: fixture('localhost.pem'),
        certFile: fixture('localhost.pem'),
        keyFile: fixture('localhost-key.pem'),
      };
      const config = resolveConfig(otlp(tls), {});
      expect(config.otlp.traces.tls?.key?.reveal().toString()).toMatch(/PRIVATE KEY/);
      expect(inspect(config, { depth: null })).not.toMatch(/PRIVATE KEY/);
    });

    it('are read once for all signals that share them', () => {
      const read = sharedReads();
      const caFile = fixture('localhost.pem');
      expect(read({ caFile })).toBe(read({ caFile }));
      expect(read({ caFile, serverName: 'a' })).not.toBe(read({ caFile }));
    });

    it.each([
      [{ caFile: '/nowhere/ca.pem' }, /otlp\.tls\.caFile: found "\/nowhere\/ca\.pem".*ENOENT/],
      [{ caFile: fixture('') }, /EISDIR/],
      [{ caFile: fixture('localhost.der') }, /holds no PEM block/],
      [
        { certFile: fixture('localhost.pem') },
        /otlp\.tls\.keyFile: certFile is given without its key/,
      ],
      [{ keyFile: fixture('other-key.pem') }, /otlp\.tls\.certFile: keyFile is given without/],
      [
        { certFile: fixture('localhost.pem'), keyFile: fixture('other-key.pem') },
        /this key does not belong to the certificate/,
      ],
    ])('stop the start if they cannot be used: %j', (tls, message) => {
      expect(() => resolveConfig(otlp(tls), {})).toThrow(message);
    });

    it('stop the start with an http:// endpoint', () => {
      const tls = { caFile: fixture('localhost.pem') };
      expect(() => resolveConfig(otlp(tls, 'http://localhost:4317'), {})).toThrow(
        /TLS options are given but the endpoint is http:\/\/localhost:4317/,
      );
    });
  });
});
