import { useLeakCheck } from '@nestlens/testing';
import type { AnyValue } from '@opentelemetry/api';
import { createTelemetry } from '../../../libs/otlp/src/pipeline/fixtures/telemetry.js';
import { createPipeline } from '../../../libs/otlp/src/pipeline/create-pipeline.js';
import { FROM_WORKER } from '../../faults/fixtures/stage.js';
import { Collector } from '../fixtures/collector.js';
import { PROTOCOLS } from '../fixtures/destinations.js';
import { placedIn } from '../fixtures/placed.js';

const circular: { name: string; self?: unknown } = { name: 'x' };
circular.self = circular;

let deep: unknown = 'end';
for (let level = 0; level < 1000; level += 1) deep = [deep];
const throwing = {
  before: 1,
  get inside(): never {
    throw new Error('hostile');
  },
};

const text = (stringValue: string): object => ({ stringValue });
const entry = (key: string, value: object): object => ({ key, value });
const nested = (levels: number, inner: object): object =>
  levels === 0 ? inner : { arrayValue: { values: [nested(levels - 1, inner)] } };

/** Values that no application should log, and the collector's reading of them. */
const BODIES: readonly (readonly [string, unknown, object])[] = [
  ['bigint', 2n ** 63n - 1n, { intValue: '9223372036854775807' }],
  ['bigint past int64', 2n ** 64n, text('18446744073709551616')],
  ['integer past int64', 2 ** 63, { doubleValue: 2 ** 63 }],
  ['smallest int64', -(2 ** 63), { intValue: '-9223372036854775808' }],
  ['NaN', Number.NaN, { doubleValue: 'NaN' }],
  ['-0', -0, { intValue: '0' }],
  ['date', new Date(0), text('1970-01-01T00:00:00.000Z')],
  ['symbol', Symbol('name'), text('Symbol(name)')],
  ['function', function named() {}, text('[Function: named]')],
  ['regular expression', /a+/g, text('/a+/g')],
  ['lone surrogate', '\ud83d\ud83d\ude00\ude00', text('\ufffd😀\ufffd')],
  ['NUL and more', '\0\u0001\u007f\u2028\ufeff', text('\0\u0001\u007f\u2028\ufeff')],
  ['map', new Map([['a', 1]]), { kvlistValue: { values: [entry('a', { intValue: '1' })] } }],
  ['set', new Set([true]), { arrayValue: { values: [{ boolValue: true }] } }],
  [
    'itself',
    circular,
    {
      kvlistValue: {
        values: [entry('name', text('x')), entry('self', text('[Circular]'))],
      },
    },
  ],
  ['1000 deep', deep, nested(8, text('[Array]'))],
  ['a getter that throws', throwing, {}],
  [
    '__proto__',
    JSON.parse('{"__proto__":{"polluted":true}}'),
    {
      kvlistValue: {
        values: [
          entry('__proto__', {
            kvlistValue: { values: [entry('polluted', { boolValue: true })] },
          }),
        ],
      },
    },
  ],
];

describe('hostile values', () => {
  useLeakCheck();

  describe('sent to the OpenTelemetry Collector', () => {
    let collector: Collector;
    beforeEach(async () => (collector = await Collector.start()));
    afterEach(() => collector.close());

    it.each(PROTOCOLS)('arrive as documented over %s', async (protocol) => {
      const logs = { protocol, endpoint: collector.endpoint(protocol, 'logs') };
      const pipeline = createPipeline({ logs, worker: FROM_WORKER });
      pipeline.start();
      const { logger } = createTelemetry(pipeline);
      for (const [name, body] of BODIES) {
        logger.emit({ eventName: name, body: body as AnyValue });
      }
      logger.emit({ eventName: 'a megabyte of text', body: 'é'.repeat(1 << 20) });
      expect(await pipeline.flush(AbortSignal.timeout(20_000))).toEqual({ kind: 'done' });
      await pipeline.shutdown();
      const placed = placedIn('logs', await collector.written('logs'));
      const written = placed.map(({ item }) => [item['eventName'], item['body']]);
      const cut = text(expect.stringMatching(/^é{20000,22000}$/) as string);
      expect(written).toEqual([
        ...BODIES.map(([name, , body]) => [name, body]),
        ['a megabyte of text', cut],
      ]);
    });
  });
});
