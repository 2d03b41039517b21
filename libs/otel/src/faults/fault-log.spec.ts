import { DiagLogLevel, diag } from '@opentelemetry/api';
import { jest } from '@jest/globals';
import { guarded, warnOfFault } from './fault-log.js';

describe('warnOfFault', () => {
  const lines: string[] = [];
  const silent = (): void => {};

  beforeAll(() => {
    jest.useFakeTimers();
    const warn = (line: string): void => {
      if (line.includes('throws')) throw new Error('a logger of the app');
      lines.push(line);
    };
    diag.setLogger(
      { error: silent, warn, info: silent, debug: silent, verbose: silent },
      { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true },
    );
  });
  afterAll(() => {
    diag.disable();
    jest.useRealTimers();
  });

  it('logs each cause once a minute, with the number of lines that it held back', () => {
    for (let n = 0; n < 5; n++) warnOfFault('Something of ours broke', new Error(`try ${n}`));
    guarded('Something else broke', () => {
      throw 'a text' as unknown;
    });
    jest.advanceTimersByTime(59_999);
    warnOfFault('Something of ours broke', new Error('try 5'));
    expect(lines).toHaveLength(2);
    jest.advanceTimersByTime(1);
    warnOfFault('Something of ours broke', undefined);
    expect(lines).toEqual([
      'Something of ours broke: try 0; the app goes on',
      'Something else broke: a text; the app goes on',
      'Something of ours broke: undefined; the app goes on (5 more since)',
    ]);
  });

  it('does not throw if the logger throws', () => {
    expect(() => warnOfFault('It throws', undefined)).not.toThrow();
  });
});
