import { resolveConfig } from './resolve.js';

const spool = { directory: '/var/spool/nestlens' };

const faultsOf = (otlp: unknown): string => {
  try {
    resolveConfig({ otlp }, {});
  } catch (error) {
    return String(error);
  }
  return '';
};

describe('the engine', () => {
  it('is ours by default', () => {
    expect(resolveConfig({}, {}).otlp.engine).toBe('nestlens');
    expect(resolveConfig({ otlp: { engine: 'sdk' } }, {}).otlp.engine).toBe('sdk');
  });

  it('gets the options that only ours supports', () => {
    const otlp = { spool, worker: false, pool: { sessions: 4 }, concurrency: 8, sealAfterMs: 50 };
    const { concurrency, ...rest } = otlp;
    const config = resolveConfig({ otlp }, {});
    expect(config.otlp.pipeline).toEqual({ ...rest, concurrency: { max: concurrency } });
    expect(config.warnings).toEqual([]);
  });

  it('takes a spool directory from the environment, unless the code names one', () => {
    const variables = { NESTLENS_OTLP_SPOOL_DIRECTORY: '/var/spool/orders' };
    expect(resolveConfig({}, variables).otlp.pipeline.spool).toEqual({
      directory: '/var/spool/orders',
    });
    expect(resolveConfig({ otlp: { spool } }, variables).otlp.pipeline.spool).toEqual(spool);
    const always = { spool: { durable: 'always' } } as const;
    expect(resolveConfig({ otlp: always }, variables).otlp.pipeline.spool).toEqual({
      directory: '/var/spool/orders',
      durable: 'always',
    });
    expect(() => resolveConfig({ otlp: always }, {})).toThrow(
      'otlp.spool.directory: name a directory, here or in NESTLENS_OTLP_SPOOL_DIRECTORY, or leave otlp.spool out',
    );
    expect(resolveConfig({ otlp: { ...always, engine: 'sdk' } }, {}).warnings).toHaveLength(1);
    expect(resolveConfig({}, {}).otlp.pipeline.spool).toBeUndefined();
  });

  it('gets no options that only ours supports if it is the official one, and a warning names them', () => {
    const { warnings } = resolveConfig({ otlp: { engine: 'sdk', spool, worker: false } }, {});
    expect(warnings).toEqual([
      'otlp.worker, otlp.spool: ignored, since only the engine "nestlens" knows it.',
    ]);
  });

  it('gets no options that only the official one supports if it is ours, except the delay, and a warning names them', () => {
    const batch = { maxQueueSize: 4096, delayMs: 300 };
    const { warnings, otlp } = resolveConfig({ traces: { batch }, logs: { batch } }, {});
    expect(otlp.pipeline.sealAfterMs).toBe(300);
    const ignored =
      'ignored, since only the engine "sdk" knows it; see otlp.maxBytes, otlp.sealAfterMs.';
    expect(warnings).toEqual([
      `traces.batch.maxQueueSize, logs.batch.maxQueueSize, logs.batch.delayMs: ${ignored}`,
    ]);
    const variables = {
      OTEL_BSP_SCHEDULE_DELAY: '300',
      OTEL_BSP_MAX_QUEUE_SIZE: '4096',
      OTEL_BLRP_SCHEDULE_DELAY: '300',
    };
    expect(resolveConfig({}, variables).warnings).toEqual([
      `OTEL_BSP_MAX_QUEUE_SIZE, OTEL_BLRP_SCHEDULE_DELAY: ${ignored}`,
    ]);
    expect(resolveConfig({ otlp: { engine: 'sdk' } }, variables).warnings).toEqual([]);
  });

  it.each([
    [{ NODE_ENV: 'production' }, 1000],
    [{ NODE_ENV: 'development' }, 100],
    [{}, 100],
    [{ NODE_ENV: 'production', OTEL_BSP_SCHEDULE_DELAY: '2500' }, 2500],
  ])('seals a batch after this delay with %o: %d ms', (variables, ms) => {
    expect(resolveConfig({}, variables).otlp.pipeline.sealAfterMs).toBe(ms);
  });

  it('refuses options that the official exporters do not support, in one message without secrets', () => {
    const message = faultsOf({
      engine: 'sdk',
      endpoint: 'unix:/run/otel.sock',
      compression: 'zstd',
      headers: () => ({}),
      auth: { type: 'basic', username: 'anna', password: () => 'canary' },
      tls: { serverName: 'collector' },
      logs: { compression: 'zstd' },
    });
    for (const path of [
      'otlp.endpoint',
      'otlp.compression',
      'otlp.headers',
      'otlp.auth.password',
      'otlp.tls.serverName',
      'otlp.logs.compression',
    ]) {
      expect(message).toContain(`${path}:`);
    }
    expect(message).not.toMatch(/canary|anna/);
  });

  it('accepts all of these options if it is ours', async () => {
    const { otlp } = resolveConfig(
      {
        otlp: {
          endpoint: 'unix:/run/otel.sock',
          compression: 'zstd',
          headers: () => ({ 'x-tenant': 'shop' }),
          auth: { type: 'bearer', token: () => 'fresh' },
          logs: { headers: { 'x-kind': 'logs' }, auth: { type: 'apiKey', key: 'k' } },
        },
      },
      {},
    );
    const { traces, logs } = otlp;
    expect(traces).toMatchObject({ url: 'unix:/run/otel.sock', compression: 'zstd' });
    const asked = await Promise.all(traces.headerFunctions.map(async (ask) => ask()));
    expect(asked).toEqual([{ 'x-tenant': 'shop' }, { authorization: 'Bearer fresh' }]);
    expect(logs.headers.reveal()).toEqual({ 'x-kind': 'logs', 'x-api-key': 'k' });
    expect(logs.headerFunctions).toHaveLength(1);
  });

  it('takes zstd from the environment only if it supports it', () => {
    const variables = { OTEL_EXPORTER_OTLP_COMPRESSION: 'zstd' };
    expect(resolveConfig({}, variables).otlp.traces.compression).toBe('zstd');
    const { otlp, warnings } = resolveConfig({ otlp: { engine: 'sdk' } }, variables);
    expect(otlp.traces.compression).toBe('none');
    expect(warnings.join()).toContain('OTEL_EXPORTER_OTLP_COMPRESSION');
  });
});
