import { resolveConfig } from './resolve.js';

const IN_KUBERNETES = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };

describe('the configuration of the rooms', () => {
  it('has a default for each option of health', () => {
    expect(resolveConfig({}, {}).health).toEqual({
      enabled: true,
      paths: { live: '/livez', ready: '/readyz', startup: '/startupz', health: '/healthz' },
      port: undefined,
      host: undefined,
      grpc: true,
      databases: {},
      indicators: [],
      groups: {},
      details: 'management',
      otlp: true,
      answerMs: 500,
      timeoutMs: 2000,
      cacheMs: 1000,
    });
  });

  it('keeps the given options of health, and uses defaults for the others', () => {
    const given = { paths: { live: '/alive' }, port: 9000, cacheMs: 0, otlp: false };
    const { health } = resolveConfig({ health: given }, {});
    expect(health.paths).toMatchObject({ live: '/alive', ready: '/readyz' });
    expect(health).toMatchObject({ port: 9000, cacheMs: 0, otlp: false });
  });

  it('drains for 5 s in Kubernetes, and not at all elsewhere', () => {
    const drainMs = (options: object, variables: NodeJS.ProcessEnv): number =>
      resolveConfig({ shutdown: options }, variables).shutdown.drainMs;
    expect(drainMs({}, {})).toBe(0);
    expect(drainMs({}, IN_KUBERNETES)).toBe(5000);
    expect(drainMs({ drainMs: 0 }, IN_KUBERNETES)).toBe(0);
  });

  it('shuts down within the 30 s of a pod, by default', () => {
    const { shutdown } = resolveConfig({}, IN_KUBERNETES);
    const total = Object.values(shutdown).reduce((sum, ms) => sum + ms, 0);
    expect(total).toBeLessThanOrEqual(28_000);
  });

  it('prints pretty lines from level log on, and JSON in production', () => {
    expect(resolveConfig({}, {}).logs).toMatchObject({
      format: 'pretty',
      level: 'log',
      emit: true,
      pino: true,
    });
    const production = { NODE_ENV: 'production' };
    expect(resolveConfig({}, production).logs.format).toBe('json');
    expect(resolveConfig({ logs: { format: 'pretty' } }, production).logs.format).toBe('pretty');
  });

  it.each([
    ['exporters in code', { exporters: ['none'] }, {}],
    ['OTEL_LOGS_EXPORTER', {}, { OTEL_LOGS_EXPORTER: ' NONE ' }],
    ['OTEL_SDK_DISABLED', {}, { OTEL_SDK_DISABLED: 'TRUE' }],
  ])('makes no log records if %s turns them off', (_name, logs, variables) => {
    expect(resolveConfig({ logs }, variables).logs.emit).toBe(false);
  });

  it('makes log records for processors of the app, even without an exporter', () => {
    const processor = { onEmit: () => {}, forceFlush: async () => {}, shutdown: async () => {} };
    const logs = { exporters: ['none'], processors: [processor] };
    expect(resolveConfig({ logs }, {}).logs.emit).toBe(true);
  });

  it('makes log records if the code names an exporter, for any value of the variable', () => {
    const logs = { exporters: ['otlp'] };
    expect(resolveConfig({ logs }, { OTEL_LOGS_EXPORTER: 'none' }).logs.emit).toBe(true);
  });

  it.each([
    ['logs', 'log', 0],
    ['logs/dup', 'both', 0],
    ['other, logs', 'log', 1],
    ['', 'event', 0],
    ['log', 'event', 1],
  ])(
    'records exceptions, for the variable %j, as %s, with %d warnings',
    (value, signal, warnings) => {
      const variables = { OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN: value };
      const config = resolveConfig({}, variables);
      expect(config.exceptionSignal).toBe(signal);
      expect(config.warnings).toHaveLength(warnings);
    },
  );

  it("freezes its own objects, and none of the app's", () => {
    const processor = { seen: 0, onEnd(): void {} };
    const indicator = { name: 'queue', calls: 0, check: () => ({ state: 'up' }) };
    const view = { instrumentName: 'a' };
    const databases = { main: 'TOKEN' };
    const given = {
      traces: { processors: [processor] },
      metrics: { views: [view] },
      health: { indicators: [indicator], databases },
    };
    const config = resolveConfig(given, {});
    const { health } = config;
    for (const part of [config, health, health.databases, health.paths, config.http.ignore]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    for (const part of [given, given.traces.processors, processor, indicator, view, databases]) {
      expect(Object.isFrozen(part)).toBe(false);
    }
    expect(config.metrics.views).toEqual([view]);
  });
});
