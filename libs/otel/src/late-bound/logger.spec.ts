import { diag } from '@opentelemetry/api';
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import { LateBoundLoggerProvider } from './logger.js';

const thrower = (): never => {
  throw new Error('hostile');
};
const hostile = new Proxy({}, { get: thrower, ownKeys: thrower, getPrototypeOf: thrower });

describe('LateBoundLoggerProvider', () => {
  const complaints: string[] = [];
  beforeEach(() => {
    complaints.length = 0;
    const warn = (line: string): void => void complaints.push(line);
    diag.setLogger({ error: warn, warn, info() {}, debug() {}, verbose() {} });
  });
  afterEach(() => diag.disable());

  it('emits a record without attributes for which the SDK throws, and warns', () => {
    const exporter = new InMemoryLogRecordExporter();
    const late = new LateBoundLoggerProvider();
    late.fill(new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] }));
    const logger = late.getLogger('hostile');
    logger.emit({ body: 'one', attributes: { key: hostile as never } });
    logger.emit({ body: 'two', attributes: hostile });
    logger.emit(null as never);
    logger.emit(hostile);
    logger.emit({ body: 'three', attributes: { key: 1 } });
    expect(exporter.getFinishedLogRecords().map(({ body }) => body)).toEqual([
      'one',
      'two',
      'three',
    ]);
    expect(complaints).toHaveLength(4);
  });
});
