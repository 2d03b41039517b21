import { ENGINES, pathsOf, started, takenBy } from './fixtures/engines.js';

const OTLP = 'OTEL_EXPORTER_OTLP';

describe.each(ENGINES)('bad variables for the engine %s', (engine) => {
  const take = (variables: NodeJS.ProcessEnv, given = {}) => takenBy(engine)(given, variables);
  /** The variables that the warnings name, each once. */
  const warnedOf = (variables: NodeJS.ProcessEnv, given = {}): readonly string[] => {
    const names = started(take(variables, given)).warnings.map((text) => text.split('=')[0] ?? '');
    expect(new Set(names).size).toBe(names.length);
    return names;
  };

  it('a service name is cut at 255 characters, also for the detector that reads it', () => {
    const { config, warnings } = started(take({ OTEL_SERVICE_NAME: 'n'.repeat(300) }));
    expect(config.service.name).toBe('n'.repeat(255));
    expect(config.resource.attributes['service.name']).toBe('n'.repeat(255));
    expect(warnings).toEqual([expect.stringMatching(/^OTEL_SERVICE_NAME=.*cut off/)]);
  });

  it.each([
    'http://h:99999',
    'http://:4318',
    'ftp://anna:canary@h',
    'http://anna:ca/canary@h',
    'http://[::1',
    'javascript:x',
    'http://h:0',
    'https://h/?key=canary',
  ])('the endpoint %s is ignored with a warning that does not show credentials', (endpoint) => {
    const { config, warnings } = started(take({ [`${OTLP}_ENDPOINT`]: endpoint }));
    expect(config.otlp.traces.url).toBe('http://localhost:4317/');
    expect(warnings).toEqual([expect.stringMatching(/ENDPOINT=.*the default is used/)]);
    expect(warnings.join()).not.toMatch(/canary|anna/);
  });

  it('an endpoint without a scheme is accepted for gRPC only', () => {
    const target = { [`${OTLP}_ENDPOINT`]: 'collector:4318' };
    expect(started(take(target)).config.otlp.logs.url).toBe('https://collector:4318/');
    const http = { ...target, [`${OTLP}_PROTOCOL`]: 'http/json' };
    expect(started(take(http)).config.otlp.logs.url).toBe('http://localhost:4318/v1/logs');
    expect(warnedOf(http)).toEqual([`${OTLP}_ENDPOINT`]);
  });

  it('a likely mistake of protocol and port leads to a warning', () => {
    const { warnings } = started(take({ [`${OTLP}_ENDPOINT`]: 'http://c:4318' }));
    expect(warnings.join()).toContain('port 4318 is the port of OTLP over HTTP');
  });

  it('an empty variable counts as unset', () => {
    const names = ['ENDPOINT', 'HEADERS', 'TIMEOUT', 'PROTOCOL', 'COMPRESSION', 'CERTIFICATE'];
    const variables = Object.fromEntries([
      ...names.flatMap((name) => [
        [`${OTLP}_${name}`, ''],
        [`${OTLP}_LOGS_${name}`, '  '],
      ]),
      ...['OTEL_SERVICE_NAME', 'OTEL_TRACES_SAMPLER', 'OTEL_TRACES_SAMPLER_ARG'].map((name) => [
        name,
        '',
      ]),
      ...['OTEL_PROPAGATORS', 'OTEL_SDK_DISABLED', 'OTEL_CONFIG_FILE', 'OTEL_LOG_LEVEL'].map(
        (name) => [name, ''],
      ),
      ['OTEL_RESOURCE_ATTRIBUTES', ''],
      ['NESTLENS_OTLP_SPOOL_DIRECTORY', ''],
    ]) as NodeJS.ProcessEnv;
    const { config } = started(take({}));
    expect(JSON.stringify(started(take(variables)).config)).toBe(JSON.stringify(config));
    expect(warnedOf(variables)).toEqual([]);
  });

  it.each(['10s', '-1', '1e99', '0x10', '٣', '1.5', '2147483648'])(
    'the timeout %s is ignored with a warning, and 0 means no limit, as the specification says',
    (timeout) => {
      expect(warnedOf({ [`${OTLP}_TIMEOUT`]: timeout })).toEqual([`${OTLP}_TIMEOUT`]);
      expect(started(take({ [`${OTLP}_TIMEOUT`]: timeout })).config.otlp.logs.timeoutMs).toBe(1e4);
      const none = started(take({ [`${OTLP}_TIMEOUT`]: '0' }));
      expect(none.config.otlp.logs.timeoutMs).toBe(2_147_483_647);
      expect(none.warnings).toEqual([]);
    },
  );

  it.each(['2', '-0.1', 'NaN', '50%', 'Infinity', '٣'])(
    'the sampling ratio %s is ignored with a warning',
    (arg) => {
      const variables = { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: arg };
      expect(warnedOf(variables)).toEqual(['OTEL_TRACES_SAMPLER_ARG']);
      expect(started(take(variables)).config.traces.sampler).toMatchObject({ ratio: 1 });
    },
  );

  it('an unknown sampler is ignored with a warning', () => {
    expect(warnedOf({ OTEL_TRACES_SAMPLER: 'foo' })).toEqual(['OTEL_TRACES_SAMPLER']);
  });

  it.each([
    ['baggage,baggage,b3', ['baggage', 'b3'], 0],
    ['b3,zz', ['b3'], 1],
    ['none', [], 0],
    ['tracecontext,none', [], 1],
    ['zz', ['tracecontext', 'baggage'], 1],
  ])('the propagators %s give %j, with %d warnings', (list, propagators, count) => {
    const variables = { OTEL_PROPAGATORS: list };
    expect(started(take(variables)).config.traces.propagators).toEqual(propagators);
    expect(warnedOf(variables)).toHaveLength(count);
  });

  it.each([
    ['TRUE', true, 0],
    ['false', false, 0],
    ['1', false, 1],
    ['yes', false, 1],
  ])('OTEL_SDK_DISABLED=%s disables: %p, with %d warnings', (value, disabled, count) => {
    const { config, warnings } = started(take({ OTEL_SDK_DISABLED: value }));
    expect(config.disabled).toBe(disabled);
    expect(warnings).toHaveLength(count);
  });

  it.each([
    ['a', '"a" has no "="'],
    ['=b', '"=b" has no key'],
    ['a=b=c', '"a=b=c" has a second "="'],
    ['good=1,a=%zz', '"a=%zz" is not percent-encoded'],
    [`a=${'x'.repeat(1_000_000)}`, 'is longer than 255 characters'],
    ['a,b,c,d,e,f,g', ', and 2 more'],
  ])('invalid resource attributes (%#) are ignored with one short warning', (list, text) => {
    const { warnings } = started(take({ OTEL_RESOURCE_ATTRIBUTES: list }));
    expect(warnings).toEqual([expect.stringContaining(text)]);
    expect(warnings.join()).toContain('none of it is used');
    expect(warnings.join().length).toBeLessThan(500);
  });

  it('__proto__ is a key like any other', () => {
    expect(warnedOf({ OTEL_RESOURCE_ATTRIBUTES: '__proto__=x,team=a%2Cb' })).toEqual([]);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('valid headers are kept, and invalid pairs are ignored with a warning', () => {
    const variables = { [`${OTLP}_HEADERS`]: 'authorization=Bearer canary,=,y,x-a=%zz,x-b=1' };
    const { config, warnings } = started(take(variables));
    expect(config.otlp.traces.headers.reveal()).toEqual({
      authorization: 'Bearer canary',
      'x-b': '1',
    });
    expect(warnings).toEqual([expect.stringContaining(`${OTLP}_HEADERS=***: write key=value`)]);
  });

  it.each([
    ['authorization=Bearer canary,=,y,%0d%0aevil=1', 'a header holds a line break'],
    ['x-a=canary%0d%0aevil: 1', 'a header holds a line break'],
    ['x a=canary', 'write header names without spaces'],
    ['x%20a=canary', 'write header names without spaces'],
    ['x-a=canary%E2%82%AC', 'write header values in printable ASCII'],
  ])('the headers %s stop the start, and the message masks them', (headers, remedy) => {
    const taken = take({ [`${OTLP}_LOGS_HEADERS`]: headers });
    expect(taken).toMatchObject({
      faults: [`${OTLP}_LOGS_HEADERS=***`],
      message: expect.stringContaining(remedy),
    });
    expect(JSON.stringify(taken)).not.toMatch(/canary/);
  });

  it.each(['0', '-1', 'Infinity', '1e3'])(
    'a queue size of %s is ignored with a warning',
    (size) => {
      const name = 'OTEL_BSP_MAX_QUEUE_SIZE';
      expect(warnedOf({ [name]: size }, { otlp: { engine: 'sdk' } })).toEqual([name]);
    },
  );

  it('a proxy that is no URL is listed with the other faults, by its variable and without its value', () => {
    const otlp = { protocol: 'http/protobuf', tls: { caFile: '/nowhere' } };
    const plain = { HTTP_PROXY: 'anna:canary@proxy:3128' };
    const taken = take(plain, { otlp });
    const rule = 'HTTP_PROXY: proxy must be an http:// or https:// URL';
    expect(pathsOf(taken)).toEqual(
      engine === 'sdk' ? ['otlp.tls.caFile'] : ['otlp.tls.caFile', 'HTTP_PROXY'],
    );
    expect(JSON.stringify(taken).includes(rule)).toBe(engine === 'nestlens');
    expect(JSON.stringify(taken)).not.toMatch(/canary|anna/);
    expect(pathsOf(take(plain, { otlp: { protocol: 'grpc' } }))).toEqual([]);
  });

  it('an invalid proxy does not matter if all signals are off', () => {
    const otlp = { protocol: 'http/json' };
    const off = { exporters: ['none'] };
    const variables = { HTTP_PROXY: 'nonsense' };
    const given = { otlp, traces: off, metrics: off, logs: off };
    expect(pathsOf(take(variables, given))).toEqual([]);
    expect(pathsOf(take({ ...variables, OTEL_SDK_DISABLED: 'true' }, { otlp }))).toEqual([]);
  });

  it('a batch size or timeout above its bound is lowered to it, with a warning if a variable set it', () => {
    const batch = { OTEL_BLRP_MAX_QUEUE_SIZE: '10', OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: '11' };
    const sdk = { otlp: { engine: 'sdk' } };
    expect(warnedOf(batch, sdk)).toEqual(['OTEL_BLRP_MAX_EXPORT_BATCH_SIZE']);
    expect(started(take(batch)).config.logs.batch).toMatchObject({ maxBatchSize: 10 });
    expect(warnedOf({ OTEL_BLRP_MAX_QUEUE_SIZE: '10' }, sdk)).toEqual([]);
    const metrics = { OTEL_METRIC_EXPORT_INTERVAL: '1000', OTEL_METRIC_EXPORT_TIMEOUT: '1001' };
    expect(warnedOf(metrics)).toEqual(['OTEL_METRIC_EXPORT_TIMEOUT']);
    expect(started(take(metrics)).config.metrics.timeoutMs).toBe(1000);
    expect(warnedOf({ OTEL_METRIC_EXPORT_INTERVAL: '1000' })).toEqual([]);
  });

  it.each(['OTEL_CONFIG_FILE', 'OTEL_EXPERIMENTAL_CONFIG_FILE'])(
    '%s is not read, and a warning says so',
    (name) => {
      // The file is never opened, so its contents cannot matter.
      const { config, warnings } = started(take({ [name]: '/etc/passwd' }));
      expect(warnings).toEqual([
        `${name}="/etc/passwd": declarative configuration is not read; use options.`,
      ]);
      expect(config.otlp.traces.url).toBe('http://localhost:4317/');
    },
  );

  it('faults of variables and files are listed in one message, each by the name that was set', () => {
    const taken = take({
      [`${OTLP}_HEADERS`]: 'x=%0a',
      [`${OTLP}_CERTIFICATE`]: '/nowhere/ca.pem',
      [`${OTLP}_LOGS_CLIENT_CERTIFICATE`]: '/nowhere/tls.crt',
      [`${OTLP}_ENDPOINT`]: 'https://collector:4317',
    });
    expect(pathsOf(taken).toSorted()).toEqual([
      `${OTLP}_CERTIFICATE`,
      `${OTLP}_CLIENT_KEY`,
      `${OTLP}_HEADERS`,
      `${OTLP}_LOGS_CLIENT_CERTIFICATE`,
    ]);
  });
});
