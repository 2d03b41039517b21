import { OtelLogger } from './otel-logger.js';
import { resolveLogger } from './logger-settings.js';

describe('resolveLogger', () => {
  it('prints pretty from level log on and sends, unless told otherwise', () => {
    expect(resolveLogger(undefined, {})).toEqual({
      format: 'pretty',
      level: 'log',
      emit: true,
      pino: true,
    });
    expect(resolveLogger({}, { NODE_ENV: 'production' }).format).toBe('json');
    expect(resolveLogger({ format: 'pretty' }, { NODE_ENV: 'production' }).format).toBe('pretty');
    expect(resolveLogger({ level: 'warn' }, {}).level).toBe('warn');
  });

  it.each([
    ['exporters in code', { exporters: ['none'] as const }, {}],
    ['OTEL_LOGS_EXPORTER', {}, { OTEL_LOGS_EXPORTER: ' none ' }],
    ['OTEL_SDK_DISABLED', {}, { OTEL_SDK_DISABLED: 'TRUE' }],
  ])('sends nothing by %s', (_name, options, env) => {
    expect(resolveLogger(options, env).emit).toBe(false);
  });

  it('takes code over the environment, and cannot be changed', () => {
    const settings = resolveLogger({ exporters: ['otlp'] }, { OTEL_LOGS_EXPORTER: 'none' });
    expect(settings.emit).toBe(true);
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it('decides which levels a logger has', () => {
    const logger = new OtelLogger({ format: 'json', level: 'warn', emit: false });
    const levels = ['verbose', 'debug', 'log', 'warn', 'error', 'fatal'] as const;
    expect(levels.filter((level) => logger.isLevelEnabled(level))).toEqual([
      'warn',
      'error',
      'fatal',
    ]);
  });
});
