import { OtelLogger } from './otel-logger.js';

describe('LoggerSettings', () => {
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
