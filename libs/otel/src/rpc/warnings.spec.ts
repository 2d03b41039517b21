import { diag, DiagLogLevel } from '@opentelemetry/api';
import { jest } from '@jest/globals';
import { warn } from './warnings.js';

describe('warn', () => {
  const told: string[] = [];
  const ignore = (): void => {};

  beforeAll(() => {
    jest.useFakeTimers();
    const logger = { error: ignore, info: ignore, debug: ignore, verbose: ignore };
    const collect = (message: string): void => {
      if (message.includes('throws')) throw new Error('a logger of the user');
      told.push(message);
    };
    diag.setLogger({ ...logger, warn: collect }, { logLevel: DiagLogLevel.WARN });
    told.length = 0;
  });

  afterAll(() => {
    diag.disable();
    jest.useRealTimers();
  });

  it('tells each cause once a minute', () => {
    warn('first', new Error('x'));
    warn('first', new Error('y'));
    warn('second', new Error('x'));
    expect(told).toHaveLength(2);
    jest.advanceTimersByTime(59_999);
    warn('first', undefined);
    expect(told).toHaveLength(2);
    jest.advanceTimersByTime(1);
    warn('first', undefined);
    expect(told.map((line) => line.split(';')[0])).toEqual([
      'gRPC instrumentation: first',
      'gRPC instrumentation: second',
      'gRPC instrumentation: first',
    ]);
  });

  it('survives a logger that throws', () => {
    expect(() => warn('throws', undefined)).not.toThrow();
  });
});
