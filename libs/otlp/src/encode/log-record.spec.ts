import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { decodeExportRequest } from '../wire/export-request.js';
import type { LogRecord } from '../wire/model.js';
import { createLogRecordEncoder } from './item-encoder.js';

const resource = resourceFromAttributes({ 'service.name': 'shop' });
const scope = { name: 'scope' };

function recordOf(given: object): LogRecord {
  const encoder = createLogRecordEncoder();
  const target = new Uint8Array(1_048_576);
  encoder.open(target, 0);
  const record: ReadableLogRecord = {
    hrTime: [1, 0],
    hrTimeObserved: [2, 0],
    resource,
    instrumentationScope: scope,
    attributes: {},
    droppedAttributesCount: 0,
    ...given,
  };
  expect(encoder.append(record)).toBe('written');
  const { groups } = decodeExportRequest('logs', target.subarray(0, encoder.close()));
  return groups.at(0)!.scopes.at(0)!.items.at(0)!;
}

function thrower(): never {
  throw new Error('hostile');
}

describe('log bodies', () => {
  function bodyOf(body: unknown): unknown {
    return recordOf({ body }).body;
  }

  it.each<[string, unknown, unknown]>([
    ['undefined', undefined, null],
    ['text', 'body', 'body'],
    ['error', Object.assign(new Error('x'), { stack: 'Error: x\n  at y' }), 'Error: x\n  at y'],
    [
      'an object whose getter throws',
      {
        get a() {
          return thrower();
        },
      },
      null,
    ],
  ])('are written for: %s', (_name, body, expected) => {
    expect(bodyOf(body)).toStrictEqual(expected);
  });

  it('are cut at the point at which a circular object repeats', () => {
    const circular: Record<string, unknown> = { name: 'x' };
    circular['self'] = circular;
    expect({ ...(bodyOf(circular) as object) }).toEqual({ name: 'x', self: '[Circular]' });
  });

  it('are truncated so that the record keeps to its size', () => {
    expect((bodyOf('x'.repeat(1_000_000)) as string).length).toBe(21_827);
    expect((bodyOf(Buffer.alloc(10_000_000, 7)) as Uint8Array).length).toBe(21_827);
  });
});
