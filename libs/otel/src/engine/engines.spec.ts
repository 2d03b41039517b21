import { OtelConfigError } from '../options/faults.js';
import type { OtlpEngine, OtlpProtocol } from '../options/otel.options.js';
import { resolveConfig } from '../options/resolve.js';
import { createEngine } from './engines.js';

const config = (headers: Record<string, string> = {}) =>
  resolveConfig(
    {
      otlp: { protocol: 'http/protobuf', endpoint: 'http://collector.invalid:4318', headers },
      metrics: { exporters: ['none'] },
    },
    {},
  );

const errorOf = async (given: ReturnType<typeof config>): Promise<Error> => {
  try {
    await createEngine(given);
  } catch (error) {
    return error as Error;
  }
  throw new Error('an engine was made');
};

describe('an engine behind a proxy', () => {
  it('names the proxy of OTLP over HTTP, without its credentials', async () => {
    const variables = { https_proxy: 'http://anna:canary@proxy.invalid:3128' };
    const proxies = async (engine: OtlpEngine, protocol: OtlpProtocol): Promise<unknown[]> => {
      const otlp = { engine, protocol, endpoint: 'https://collector.invalid:4318', worker: false };
      const metrics = { exporters: ['none'] };
      const made = await createEngine(resolveConfig({ otlp, metrics }, variables));
      await made.shutdown(AbortSignal.timeout(1000));
      return made.destinations.map(({ proxy }) => proxy);
    };
    const through = 'http://proxy.invalid:3128';
    expect(await proxies('nestlens', 'http/protobuf')).toEqual([through, through]);
    expect(await proxies('nestlens', 'grpc')).toEqual([undefined, undefined]);
    expect(await proxies('sdk', 'http/protobuf')).toEqual([undefined, undefined]);
  });
});

describe('an engine that cannot be made', () => {
  it('throws an OtelConfigError that masks the values of headers', async () => {
    const given = config({ 'x-key': 'canary' });
    const broken = { ...given.otlp.traces, url: 'http://canary' };
    const traces = new Proxy(broken, {
      get(target, key) {
        if (key === 'compression') throw new Error('no canary sings here');
        return Reflect.get(target, key) as unknown;
      },
    });
    const error = await errorOf({ ...given, otlp: { ...given.otlp, traces } });
    expect(error).toBeInstanceOf(OtelConfigError);
    expect(error.message).toContain('- otlp: no *** sings here');
    expect(error.stack).not.toContain('canary');
  });
});
