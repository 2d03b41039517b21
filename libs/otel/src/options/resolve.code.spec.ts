import { resolveConfig } from './resolve.js';
import { ENGINES, pathsOf, started, takenBy } from './fixtures/engines.js';

describe.each(ENGINES)('bad options of the engine %s', (engine) => {
  const take = takenBy(engine);

  it('no options mean the defaults, and anything but an object is refused', () => {
    expect(resolveConfig(undefined, {}).traces.exporters).toEqual(['otlp']);
    for (const given of [null, 'orders', [], 7]) {
      expect(() => resolveConfig(given, {})).toThrow('write an object of options, or nothing');
    }
  });

  it('an unknown key is refused, and the message suggests the right key', () => {
    expect(take({ otlp: { endpont: 'http://h:4317' } })).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('otlp.endpont: unknown key; did you mean "endpoint"?'),
    });
  });

  it('a service name needs a character, and is cut at 255 characters with a warning', () => {
    for (const name of ['', '   ', 7]) {
      expect(pathsOf(take({ service: { name } }))).toEqual(['service.name']);
    }
    const { config, warnings } = started(take({ service: { name: `${'n'.repeat(254)}😀!` } }));
    expect(config.resource.attributes['service.name']).toBe(`${'n'.repeat(254)}\ufffd`);
    expect(config.service.name).toHaveLength(255);
    expect(warnings).toEqual(['service.name: what is beyond 255 characters is cut off.']);
  });

  it.each([
    'collector:4318',
    'http://h:99999',
    'http://h:0',
    'http://:4318',
    'ftp://h',
    'h:abc',
    'http://[::1',
    'javascript:x',
  ])('the endpoint %s is refused, also for one signal', (endpoint) => {
    expect(take({ otlp: { endpoint, logs: { endpoint } } })).toMatchObject({
      faults: [`otlp.endpoint="${endpoint}"`, `otlp.logs.endpoint="${endpoint}"`],
      message: expect.stringContaining('write a URL with its scheme'),
    });
  });

  it.each([
    ['https://anna:canary@h:4317', 'anna:canary'],
    ['https://:canary@h:4317', ':canary'],
    ['https://anna:ca%20na%ry@h:4317', 'anna:ca%20na%ry'],
    ['https://anna:ca%2Fnary@h:4317', 'anna:ca/nary'],
  ])('the credentials of %s become a header and are removed from the URL', (endpoint, pair) => {
    const { traces } = started(take({ otlp: { endpoint } })).config.otlp;
    expect(traces.url).toBe('https://h:4317/');
    expect(traces.headers.reveal()).toEqual({
      authorization: `Basic ${Buffer.from(pair).toString('base64')}`,
    });
  });

  it.each([
    'http://anna:ca/canary@h:4317',
    'http://anna:ca?canary@h:4317',
    'http://anna:canary@[broken',
    'anna:canary@h',
    'htps://anna:c@n@ry-canary@h',
    'http://h:4317x/?key=canary',
  ])('the endpoint %s is refused, and the message does not show its credentials', (endpoint) => {
    const taken = take({ otlp: { endpoint } });
    expect(taken).toMatchObject({ kind: 'refused', message: expect.stringContaining('***') });
    expect(JSON.stringify(taken)).not.toMatch(/canary|anna/);
  });

  it.each(['?token=canary', '#canary'])(
    'an endpoint that ends in /%s is refused, and the message does not show it',
    (rest) => {
      const endpoint = `https://h:4318/${rest}`;
      const taken = take({ otlp: { endpoint, traces: { endpoint } } });
      expect(JSON.stringify(taken)).not.toMatch(/canary/);
      expect(pathsOf(taken)).toEqual(['otlp.endpoint', 'otlp.traces.endpoint']);
    },
  );

  it.each([
    [{ protocol: 'grpc', endpoint: 'http://c:4318' }, 'port 4318 is the port of OTLP over HTTP'],
    [{ protocol: 'grpc', endpoint: 'http://c:4317/v1/traces' }, 'gRPC takes no path'],
    [{ protocol: 'http/json', endpoint: 'http://c:4317' }, 'port 4317 is the port of OTLP over'],
  ])('%j starts with a warning of a likely mistake', (otlp, text) => {
    const { warnings } = started(take({ otlp }));
    expect(warnings).toHaveLength(3);
    for (const warning of warnings) expect(warning).toContain(text);
  });

  it.each([
    [{ 'x y': 'canary' }, 'write a header name without spaces'],
    [{ 'x-key': 'canary\u20ac' }, 'write printable ASCII on one line'],
    [{ 'x-key': 'canary\r\nevil: 1' }, 'write printable ASCII on one line'],
    [{ 'x-key': 7 }, 'write a string'],
  ])('the headers %j are refused, and the message masks them', (headers, remedy) => {
    const taken = take({ otlp: { headers } });
    expect(taken).toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(new RegExp(`found (\\*\\*\\*|"x y"); ${remedy}`)),
    });
    expect(JSON.stringify(taken)).not.toMatch(/canary/);
  });

  it('an API key needs a valid header name', () => {
    const auth = { type: 'apiKey', key: 'canary', header: 'api key' };
    const taken = take({ otlp: { auth } });
    expect(pathsOf(taken)).toEqual(['otlp.auth.header']);
    expect(JSON.stringify(taken)).not.toMatch(/canary/);
  });

  it.each([0, -1, Infinity, '10', Number.NaN, 1.5])('a queue size of %p is refused', (size) => {
    expect(pathsOf(take({ traces: { batch: { maxQueueSize: size } } }))).toEqual([
      'traces.batch.maxQueueSize',
    ]);
  });

  it('a batch larger than its queue and a timeout longer than its interval are refused', () => {
    const taken = take({
      logs: { batch: { maxQueueSize: 10, maxBatchSize: 11 } },
      traces: { batch: { maxBatchSize: 2049 } },
      metrics: { intervalMs: 1000, timeoutMs: 1001 },
    });
    expect(pathsOf(taken).toSorted()).toEqual([
      'logs.batch.maxBatchSize',
      'metrics.timeoutMs',
      'traces.batch.maxBatchSize',
    ]);
  });

  it.each([0, 1024, -1, '1 GB', Infinity])('a spool size of %p bytes is refused', (maxBytes) => {
    const spool = { directory: '/var/spool/nestlens', maxBytes };
    expect(pathsOf(take({ otlp: { spool } }))).toEqual(['otlp.spool.maxBytes']);
  });

  it.each([0, -1, 1e9, '2000'])('a limit of %p attribute sets is refused', (limit) => {
    expect(pathsOf(take({ metrics: { cardinalityLimit: limit } }))).toEqual([
      'metrics.cardinalityLimit',
    ]);
  });

  it('one message lists all faults of code, variables and files, without secrets', () => {
    const taken = take(
      {
        servce: {},
        service: { name: '' },
        otlp: {
          endpoint: 'http://anna:canary@h:99999',
          auth: { type: 'bearer', token: 'canary\n' },
          tls: { caFile: '/nowhere/ca.pem', keyFile: '/nowhere/key.pem', passphrase: 'canary' },
        },
      },
      { OTEL_EXPORTER_OTLP_HEADERS: 'x-key=canary%0a' },
    );
    expect(pathsOf(taken).toSorted()).toEqual([
      'OTEL_EXPORTER_OTLP_HEADERS',
      'otlp.auth.token',
      'otlp.endpoint',
      'otlp.tls.caFile',
      'otlp.tls.certFile',
      'otlp.tls.keyFile',
      'servce',
      'service.name',
    ]);
    expect(JSON.stringify(taken)).not.toMatch(/canary|anna/);
  });
});
