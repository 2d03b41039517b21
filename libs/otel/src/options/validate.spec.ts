import { OtelConfigError } from './faults.js';
import { validateOptions } from './validate.js';

const faultsOf = (options: unknown): string[] => {
  const result = validateOptions(options);
  return result.kind === 'valid'
    ? []
    : result.faults.map(({ path, found, remedy }) => `${path} | ${found ?? '-'} | ${remedy}`);
};

describe('validateOptions', () => {
  it('accepts undefined and an empty object', () => {
    expect(faultsOf(undefined)).toEqual([]);
    expect(faultsOf({})).toEqual([]);
  });

  it.each([
    [null, 'options | null | write an object of options, or nothing'],
    ['orders', 'options | "orders" | write an object of options, or nothing'],
    [[], 'options | an array | write an object of options, or nothing'],
  ])('refuses %j as a whole', (given, fault) => {
    expect(faultsOf(given)).toEqual([fault]);
  });

  it.each([true, false, { entry: 'dist/worker.js' }, { entry: new URL('file:///app/worker.js') }])(
    'accepts otlp.worker %j',
    (worker) => {
      expect(faultsOf({ otlp: { worker } })).toEqual([]);
    },
  );

  it.each(['yes', { entry: 7 }, { entry: new URL('http://app/worker.js') }, { file: 'x' }])(
    'refuses otlp.worker %j, and names the valid form',
    (worker) => {
      expect(faultsOf({ otlp: { worker } }).join()).toMatch(
        /^otlp\.worker.* \| write true, false, or \{ entry \} with the path or file: URL/,
      );
    },
  );

  it.each([
    [{ servce: {} }, 'servce | - | unknown key; did you mean "service"?'],
    [{ otlp: { endpont: 'x' } }, 'otlp.endpont | - | unknown key; did you mean "endpoint"?'],
    [
      { traces: { batch: { maxBatchsize: 1 } } },
      'traces.batch.maxBatchsize | - | unknown key; did you mean "maxBatchSize"?',
    ],
    [
      { logs: { zzzzzz: 1 } },
      'logs.zzzzzz | - | unknown key; known are exporters, format, level, pino, batch, processors',
    ],
  ])('suggests the right key for %j', (given, fault) => {
    expect(faultsOf(given)).toEqual([fault]);
  });

  const scheme = 'write a URL with its scheme, such as "http://collector:4317"';
  it.each([
    'collector:4318',
    'http://h:99999',
    'http://:4318',
    'ftp://h',
    'h:abc',
    'http://[::1',
    'javascript:x',
    '',
  ])('refuses the endpoint %j', (endpoint) => {
    expect(faultsOf({ otlp: { endpoint } })).toEqual([
      `otlp.endpoint | ${JSON.stringify(endpoint)} | ${scheme}`,
    ]);
  });

  it.each([
    [{ service: { name: '' } }, 'write at least one character, or leave it out'],
    [{ service: { name: '  ' } }, 'write at least one character, or leave it out'],
    [{ service: { name: 7 } }, 'write a string'],
    [{ traces: { ratio: 1.5 } }, 'write a number from 0 to 1'],
    [{ traces: { ratio: Number.NaN } }, 'write a number from 0 to 1'],
    [{ traces: { batch: { maxQueueSize: 0 } } }, 'write a whole number from 1 to 10000000'],
    [{ traces: { batch: { maxQueueSize: '10' } } }, 'write a whole number from 1 to 10000000'],
    [{ traces: { batch: { maxQueueSize: Infinity } } }, 'write a whole number from 1 to 10000000'],
    [{ traces: { batch: { maxBatchSize: 4096 } } }, 'write at most maxQueueSize (2048 unless set)'],
    [
      { metrics: { intervalMs: 1000, timeoutMs: 2000 } },
      'write at most intervalMs (60000 unless set)',
    ],
    [{ metrics: { cardinalityLimit: 0 } }, 'write a whole number from 1 to 1000000'],
    [{ otlp: { headers: { 'bad name': 'x' } } }, 'write a header name without spaces'],
    [{ otlp: { headers: { good: 'a\r\nb: c' } } }, 'write printable ASCII on one line'],
    [{ otlp: { protocol: 'http' } }, 'write one of "grpc", "http/protobuf", "http/json"'],
    [
      { health: { paths: { live: 'livez' } } },
      'write a path that begins with "/", without a query',
    ],
    [
      { traces: { sampler: 'sometimes' } },
      'write a sampler name such as "parentbased_traceidratio", or give a Sampler',
    ],
    [{ traces: { processors: [{}] } }, 'give a SpanProcessor (an object with onEnd)'],
    [{ health: { port: 70_000 } }, 'write a whole number from 0 to 65535'],
  ])('names the remedy for %j', (given, remedy) => {
    expect(faultsOf(given).map((fault) => fault.split(' | ').at(-1))).toEqual([remedy]);
  });

  it('accepts valid values of every kind', () => {
    const good = {
      service: {
        name: 'orders',
        version: '1',
        namespace: 'shop',
        instanceId: 'a',
        environment: 'test',
      },
      otlp: {
        protocol: 'http/json',
        endpoint: 'https://user:pass@collector.example:4318/base',
        headers: { 'x-tenant': 'one' },
        auth: { type: 'basic', username: 'u', password: '' },
        compression: 'gzip',
        timeoutMs: 1,
        metrics: { endpoint: 'http://[::1]:4318/v1/metrics' },
      },
      traces: { sampler: { shouldSample: () => ({ decision: 0 }) }, exporters: ['console'] },
      metrics: { prometheus: { path: '/prom' } },
      http: { ignore: ['/a', /b/, (path: string) => path === '/c'] },
      rpc: { ignore: ['pkg.Service/*'] },
      health: { databases: { main: Symbol('pool') } },
    };
    expect(faultsOf(good)).toEqual([]);
  });
});

describe('OtelConfigError', () => {
  it('lists all faults in one message, and shows no secret', () => {
    const result = validateOptions({
      servce: 1,
      otlp: {
        endpoint: 'user:canary-1@collector:4318',
        headers: { authorization: 'canary-2\n' },
        auth: { type: 'bearer', token: 'canary-3\u0000' },
      },
    });
    if (result.kind === 'valid') throw new Error('expected faults');
    const { message } = new OtelConfigError(result.faults);
    expect(message.split('\n')).toHaveLength(5);
    expect(message).toMatch(/4 faults/);
    expect(message).toMatch(/found "\*\*\*@collector:4318"/);
    expect(message).not.toMatch(/canary/);
  });
});
