import { InstrumentType, AggregationType, MeterProvider } from '@opentelemetry/sdk-metrics';
import type { ViewOptions } from '@opentelemetry/sdk-metrics';
import { PullReader } from './fixtures/pull-reader.js';
import { viewBehind, viewsOf } from './stream-rules.js';

const CRITERIA: readonly ViewOptions[] = [
  { instrumentName: 'http.duration' },
  { instrumentName: 'http*' },
  { instrumentName: '*.duration' },
  { instrumentName: '*' },
  { instrumentName: 'http?duration' },
  { instrumentName: 'http.duratio' },
  { instrumentType: InstrumentType.HISTOGRAM },
  { instrumentType: InstrumentType.COUNTER },
  { instrumentUnit: 's' },
  { instrumentUnit: '' },
  { meterName: 'spec' },
  { meterName: 'other' },
  { meterName: 'spec', meterVersion: '1' },
  { meterName: 'spec', meterVersion: '2' },
  { meterSchemaUrl: 'https://example.test/1' },
  { instrumentName: '*', instrumentUnit: 's', meterName: 'spec' },
];

/** Instruments that differ in scope and unit. */
const INSTRUMENTS = [
  { scope: ['spec', '1'], unit: 's' },
  { scope: ['spec', ''], unit: 'ms' },
  { scope: ['other', '', 'https://example.test/1'], unit: '' },
] as const;

describe('views', () => {
  it.each(CRITERIA)('apply to the same instruments as in the SDK: %p', async (view) => {
    for (const { scope, unit } of INSTRUMENTS) {
      const [name, version, schemaUrl] = scope;
      const reader = new PullReader();
      const drops = { ...view, aggregation: { type: AggregationType.DROP } as const };
      const provider = new MeterProvider({ readers: [reader], views: [drops] });
      const meter = provider.getMeter(name, version, schemaUrl === undefined ? {} : { schemaUrl });
      meter.createHistogram('http.duration', { unit }).record(1);
      const isShaped = (await reader.points('http.duration')).length === 0;

      const where = { name, version, ...(schemaUrl !== undefined && { schemaUrl }) };
      const instrument = { name: 'http.duration', unit, type: InstrumentType.HISTOGRAM };
      expect([where, viewsOf([view], where, instrument).length]).toEqual([where, Number(isShaped)]);
      const behind = viewBehind([view], where, instrument);
      expect([where, behind]).toEqual([where, isShaped ? view : undefined]);
    }
  });

  it('are found by the name that they give to a metric', () => {
    const views: ViewOptions[] = [
      { instrumentName: 'asked', name: 'given' },
      { instrumentName: 'ask*' },
    ];
    const scope = { name: 'spec' };
    expect(viewBehind(views, scope, { name: 'given', unit: '' })).toBe(views[0]);
    expect(viewBehind(views, scope, { name: 'asked', unit: '' })).toBe(views[1]);
    expect(viewBehind(views, scope, { name: 'other', unit: '' })).toBeUndefined();
    expect(viewsOf(views, scope, { name: 'asked', unit: '' })).toEqual(views);
    expect(viewsOf(views, scope, { name: 'given', unit: '' })).toEqual([]);
  });
});
