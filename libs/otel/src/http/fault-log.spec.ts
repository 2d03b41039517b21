import { DiagLogLevel, diag } from '@opentelemetry/api';
import { guarded, warnOfFault } from './fault-log.js';

describe('warnOfFault', () => {
  const lines: string[] = [];
  const silent = (): void => {};
  beforeAll(() => {
    const warn = (line: string): unknown => lines.push(line);
    diag.setLogger(
      { error: silent, warn, info: silent, debug: silent, verbose: silent },
      { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true },
    );
  });
  afterAll(() => diag.disable());

  it('tells each cause once a minute', () => {
    for (let n = 0; n < 5; n++) warnOfFault('Something of ours broke', new Error(`try ${n}`));
    guarded('Something else broke', () => {
      throw 'a text' as unknown;
    });
    expect(lines).toEqual([
      'Something of ours broke: try 0; the request goes on',
      'Something else broke: a text; the request goes on',
    ]);
  });
});
