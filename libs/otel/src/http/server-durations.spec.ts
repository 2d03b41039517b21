import { createNoopMeter } from '@opentelemetry/api';
import type { Attributes, Meter } from '@opentelemetry/api';
import { attributeBlock } from '../tracer/attribute-block.js';
import { ServerDurations } from './server-durations.js';

const facts = {
  method: 'GET',
  name: 'GET',
  scheme: 'http',
  protocolVersion: '1.1',
  block: attributeBlock({}),
};

/** A meter whose histogram counts the series that it is asked for. */
const counting = () => {
  const asked: Attributes[] = [];
  const histogram = {
    record: () => {},
    series: (attributes: Attributes) => {
      asked.push(attributes);
      return { record: () => {} };
    },
  };
  const meter: Meter = Object.assign(createNoopMeter(), { createHistogram: () => histogram });
  return { asked, durations: new ServerDurations(meter) };
};

describe('ServerDurations', () => {
  it('makes one series of each route, status and error, however many requests there are', () => {
    const { asked, durations } = counting();
    const ends = [
      ['/cats', { status: 200, errorType: undefined }],
      ['/cats', { status: 500, errorType: '500' }],
      ['/cats', { status: 500, errorType: 'RangeError' }],
      ['/dogs', { status: 200, errorType: undefined }],
      [undefined, { status: undefined, errorType: 'shutdown' }],
    ] as const;
    const found = new Set(
      Array.from({ length: 100 }, () =>
        ends.map(([route, outcome]) => durations.seriesOf(facts, route, outcome)),
      ).flat(),
    );
    expect(found.size).toBe(ends.length);
    expect(asked).toHaveLength(ends.length);
    expect(asked[1]).toEqual({
      'http.request.method': 'GET',
      'url.scheme': 'http',
      'network.protocol.version': '1.1',
      'http.response.status_code': 500,
      'http.route': '/cats',
      'error.type': '500',
    });
    expect(asked[4]).toEqual({
      'http.request.method': 'GET',
      'url.scheme': 'http',
      'network.protocol.version': '1.1',
      'error.type': 'shutdown',
    });
  });

  it('keeps no more series than a metric may have, with any names of errors', () => {
    const { asked, durations } = counting();
    const seriesOf = (n: number): unknown =>
      durations.seriesOf(facts, '/', { status: 500, errorType: `Error${n}` });
    for (let n = 0; n < 3000; n++) seriesOf(n);
    const before = asked.length;
    seriesOf(1999);
    expect(asked).toHaveLength(before);
    seriesOf(2000);
    seriesOf(2000);
    expect(asked).toHaveLength(before + 2);
  });
});
