import { formatSpanTree } from './span-tree-format.js';
import { receivedSpan } from './received-span.js';

const checkout = [
  receivedSpan({
    name: 'POST /checkout',
    service: 'gateway',
    kind: 2,
    spanId: '01',
    endTime: 12_340_000n,
  }),
  receivedSpan({
    name: 'orders.Orders/Create',
    service: 'gateway',
    kind: 3,
    spanId: '02',
    parentSpanId: '01',
    startTime: 1n,
    attributes: { 'rpc.status_code': 'OK', big: 9_007_199_254_740_993n },
    events: [{ name: 'sent', time: 2n, attributes: {}, droppedAttributesCount: 0 }],
    status: { code: 1, message: '' },
  }),
  receivedSpan({
    name: 'INSERT orders',
    service: 'orders',
    kind: 3,
    spanId: '03',
    parentSpanId: '02',
  }),
  receivedSpan({
    name: 'pay',
    service: 'payments',
    spanId: '04',
    parentSpanId: '01',
    startTime: 9n,
    status: { code: 2, message: 'declined' },
  }),
];

describe('formatSpanTree', () => {
  it('prints service, span, kind, duration and status as a tree in columns', () => {
    expect(formatSpanTree(checkout)).toBe(
      [
        'trace 00000000000000000000000000000001  4 spans',
        'gateway  POST /checkout           server    12.34 ms  -',
        '├─ gateway  orders.Orders/Create  client     1.00 ms  ok',
        '│  └─ orders  INSERT orders       client     1.00 ms  -',
        '└─ payments  pay                  internal   1.00 ms  error: declined',
      ].join('\n'),
    );
  });

  it('prints selected attributes and events below their span', () => {
    const text = formatSpanTree(checkout, { attributes: ['rpc.status_code', 'big'], events: true });
    expect(text).toContain(
      ['│  │    rpc.status_code="OK"', '│  │    big=9007199254740993n', '│  │    * sent'].join(
        '\n',
      ),
    );
  });

  it('separates traces and names missing parents', () => {
    const text = formatSpanTree([
      receivedSpan({ name: 'a', traceId: 'aa' }),
      receivedSpan({ name: 'b', traceId: 'bb', parentSpanId: 'ff', startTime: 1n }),
    ]);
    expect(text.split('\n\n')).toEqual([
      expect.stringContaining('trace aa  1 span\na'),
      expect.stringContaining('trace bb  1 span, parent ff not among the spans\nb'),
    ]);
  });

  it('prints a line if there are no spans', () => {
    expect(formatSpanTree([])).toBe('(no spans)');
  });
});
