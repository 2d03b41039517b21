import {
  attributes,
  logRecord,
  logs,
  metrics,
  MS,
  numberPoint,
  span,
  spanId,
  spans,
  START,
  sum,
  traceId,
} from '../fixtures/samples.js';
import { createLens, type Lens, type LensAddress } from '../lens/lens.js';

let lens: Lens;
let address: LensAddress;

beforeEach(async () => {
  lens = createLens({ grpcPort: 0, httpPort: 0, apiPort: 0 });
  address = await lens.start();
});
afterEach(() => lens.close());

interface Got {
  readonly status: number;
  readonly body: any;
}

async function get(path: string, init: RequestInit = {}): Promise<Got> {
  const response = await fetch(address.apiUrl + path, init);
  const text = await response.text();
  return {
    status: response.status,
    body: text === '' ? undefined : JSON.parse(text),
  };
}

function oneTrace(service = 'orders', values: Parameters<typeof span>[0] = {}): string {
  const id = traceId();
  lens.store.ingest(spans([span({ traceId: id, ...values })], service));
  return id;
}

describe('GET /api/traces', () => {
  it('lists summaries, the latest first', async () => {
    const first = oneTrace('orders', { attributes: attributes({ 'http.route': '/orders/:id' }) });
    const second = oneTrace('users', { status: { code: 2, message: 'no' } });
    const { status, body } = await get('/api/traces');
    expect(status).toBe(200);
    expect(body.nextCursor).toBeNull();
    expect(body.traces).toMatchObject([
      { traceId: second, service: 'users', status: 'error', errorCount: 1 },
      {
        traceId: first,
        service: 'orders',
        name: 'GET /orders/:id',
        route: '/orders/:id',
        hasRoot: true,
        startTime: START.toString(),
        durationMs: 5,
        rootDurationMs: 5,
        status: 'unset',
        spanCount: 1,
        services: ['orders'],
      },
    ]);
  });

  it('filters by each key', async () => {
    const route = attributes({ 'http.route': '/a' });
    const slow = oneTrace('orders', { endTime: START + 800n * MS, attributes: route });
    const failed = oneTrace('users', { status: { code: 2, message: '' } });
    const later = oneTrace('users', {
      startTime: START + 60_000n * MS,
      endTime: START + 60_001n * MS,
    });
    async function found(query: string) {
      return (await get(`/api/traces?${query}`)).body.traces.map((trace: any) => trace.traceId);
    }
    expect(await found('service=orders')).toEqual([slow]);
    expect(await found('service=nobody')).toEqual([]);
    expect(await found('route=%2Fa')).toEqual([slow]);
    expect(await found('status=error')).toEqual([failed]);
    expect(await found('status=unset')).toEqual([later, slow]);
    expect(await found('minDurationMs=800')).toEqual([slow]);
    expect(await found('minDurationMs=800.001')).toEqual([]);
    expect(await found(`from=${START + 1n}`)).toEqual([later]);
    expect(await found(`to=${START / MS}`)).toEqual([failed, slow]);
    expect(await found('from=2026-11-20T10:00:30Z')).toEqual([later]);
    expect(await found('service=users&status=error&limit=1')).toEqual([failed]);
  });

  it('pages without repeating a trace while new ones arrive', async () => {
    const ids = Array.from({ length: 5 }, () => oneTrace());
    const first = (await get('/api/traces?limit=2')).body;
    oneTrace();
    const second = (await get(`/api/traces?limit=2&cursor=${first.nextCursor}`)).body;
    const third = (await get(`/api/traces?limit=2&cursor=${second.nextCursor}`)).body;
    const seen = [first, second, third].flatMap((body) =>
      body.traces.map((one: any) => one.traceId),
    );
    expect(seen).toEqual(ids.toReversed());
    expect(third.nextCursor).toBeNull();
  });

  it.each([
    ['limit=0', 'limit="0" is wrong; write a whole number from 1 to 1000'],
    ['limit=1001', 'limit="1001" is wrong; write a whole number from 1 to 1000'],
    ['limit=ten', 'limit="ten" is wrong; write a whole number from 1 to 1000'],
    ['status=bad', 'status="bad" is wrong; write error, ok, unset'],
    ['minDurationMs=-1', 'minDurationMs="-1" is wrong; write milliseconds, such as 250 or 0.5'],
    [
      'from=soon',
      'from="soon" is wrong; write Unix ns, Unix ms or a date such as 2026-11-20T14:02:00Z',
    ],
    ['cursor=x', 'cursor="x" is wrong; write the nextCursor of an answer, unchanged'],
    ['service=a&service=b', 'service="a,b" is wrong; write the key once'],
  ])('refuses %s', async (query, message) => {
    expect(await get(`/api/traces?${query}`)).toMatchObject({
      status: 400,
      body: { error: { code: 'bad_parameter', message } },
    });
  });

  it('lists the known keys if one is unknown', async () => {
    const { status, body } = await get('/api/traces?servcie=orders');
    expect(status).toBe(400);
    expect(body.error.code).toBe('unknown_parameter');
    expect(body.error.message).toContain('service, route, status, minDurationMs, from, to, limit');
  });
});

describe('GET /api/traces/{traceId}', () => {
  it('returns the spans as a tree, with every value in a form that JSON has', async () => {
    const id = traceId();
    const root = spanId();
    const child = span({
      traceId: id,
      parentSpanId: root,
      kind: 3,
      startTime: START + 1_500_000n,
      status: { code: 2, message: 'refused' },
      attributes: attributes({
        __proto__x: 1,
        ['__proto__']: 'data',
        html: '<img onerror>',
        big: 2n ** 62n,
        bytes: new Uint8Array([1, 2, 3]),
        list: ['a', 1, true, null, Number.NaN],
        map: attributes({ deep: -1n }),
      }),
      events: [
        {
          time: START + 2n * MS,
          name: 'retry',
          attributes: attributes(),
          droppedAttributesCount: 0,
        },
      ],
      links: [
        {
          traceId: traceId(),
          spanId: spanId(),
          traceState: '',
          attributes: attributes({ why: 'batch' }),
          droppedAttributesCount: 0,
          flags: 0,
        },
      ],
    });
    const stray = span({ traceId: id, parentSpanId: 'f'.repeat(16), startTime: START + 4n * MS });
    lens.store.ingest(spans([child, stray, span({ traceId: id, spanId: root })]));
    const { status, body } = await get(`/api/traces/${id.toUpperCase()}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ traceId: id, spanCount: 3, missingParents: ['f'.repeat(16)] });
    expect(body.spans.map((one: any) => [one.depth, one.offsetMs])).toEqual([
      [0, 0],
      [1, 1.5],
      [0, 4],
    ]);
    expect(body.spans[1]).toMatchObject({
      kind: 'client',
      durationMs: 3.5,
      service: 'orders',
      status: { code: 'error', message: 'refused' },
      events: [{ name: 'retry', offsetMs: 0.5 }],
      links: [{ attributes: { why: 'batch' } }],
    });
    expect(Object.entries(body.spans[1].attributes)).toEqual(
      expect.arrayContaining([
        ['__proto__', 'data'],
        ['html', '<img onerror>'],
        ['big', '4611686018427387904'],
        ['bytes', 'AQID'],
        ['list', ['a', 1, true, null, 'NaN']],
        ['map', { deep: '-1' }],
      ]),
    );
    expect(body.sources).toMatchObject([{ service: 'orders', instanceId: 'a' }]);
  });

  it('answers 400 for a malformed id, and 404 for an unknown one', async () => {
    expect(await get('/api/traces/abc')).toMatchObject({
      status: 400,
      body: { error: { code: 'bad_trace_id' } },
    });
    expect(await get(`/api/traces/${traceId()}`)).toMatchObject({
      status: 404,
      body: { error: { code: 'trace_not_found' } },
    });
  });
});

describe('GET /api/logs, /api/metrics, /api/services, /api/stats', () => {
  it('lists log records by service, trace and severity', async () => {
    const id = traceId();
    lens.store.ingest(logs([logRecord({ traceId: id, spanId: spanId() })], 'orders'));
    const body = attributes({ msg: 'down', at: 5n });
    lens.store.ingest(logs([logRecord({ severityNumber: 18, body, time: 0n })], 'users'));
    async function found(query: string) {
      return (await get(`/api/logs?${query}`)).body.logs.map((log: any) => log.service);
    }
    expect(await found('')).toEqual(['users', 'orders']);
    expect(await found('severity=warn')).toEqual(['users']);
    expect(await found(`traceId=${id}`)).toEqual(['orders']);
    expect(await found('service=orders&severity=error')).toEqual([]);
    expect((await get('/api/logs?limit=1')).body.logs).toMatchObject([
      { severity: 'error', time: START.toString(), body: { msg: 'down', at: '5' } },
    ]);
    expect((await get('/api/logs?traceId=12')).status).toBe(400);
  });

  it('lists metrics, and returns their series', async () => {
    function point(value: number) {
      return numberPoint({ value, attributes: attributes({ status: 'ok' }) });
    }
    lens.store.ingest(metrics([sum(point(1)), sum(point(2))], 'orders'));
    lens.store.ingest(metrics([sum(point(7))], 'users'));
    expect((await get('/api/metrics')).body).toMatchObject({
      nextCursor: null,
      metrics: [
        { service: 'orders', name: 'orders.placed', kind: 'sum', unit: '{order}', points: 2 },
        { service: 'users', name: 'orders.placed', temporality: 'cumulative', monotonic: true },
      ],
    });
    expect((await get('/api/metrics?limit=1')).body).toMatchObject({ nextCursor: '1' });
    expect((await get('/api/metrics/orders.placed?service=orders')).body).toMatchObject({
      name: 'orders.placed',
      series: [
        {
          service: 'orders',
          attributes: { status: 'ok' },
          points: [{ value: 1 }, { value: 2, startTime: START.toString() }],
        },
      ],
    });
    expect((await get('/api/metrics/orders.placed?points=1')).body.series[1].points).toHaveLength(
      1,
    );
    expect((await get('/api/metrics/nothing')).status).toBe(404);
    expect((await get('/api/metrics/%E0%A4%A')).status).toBe(404);
  });

  it('counts by service and by run, and deletes all items on clear', async () => {
    lens.store.ingest(spans([span(), span({ traceId: '' })], 'orders', 'first'));
    lens.store.ingest(spans([span()], 'orders', 'second'));
    lens.store.ingest(logs([logRecord()], 'orders'));
    expect((await get('/api/services')).body.services).toMatchObject([
      {
        name: 'orders',
        spans: { received: 3, held: 2, refused: 1 },
        runs: [
          { instanceId: 'first', spans: 2 },
          { instanceId: 'second', spans: 1 },
          { instanceId: 'a', logRecords: 1 },
        ],
      },
    ]);
    const { body } = await get('/api/stats');
    expect(body).toMatchObject({
      counts: { traces: { received: 3, held: 2, refused: 1 }, logs: { held: 1 } },
      services: [{ service: 'orders', counts: { traces: { received: 3 } } }],
      maxBytes: 268_435_456,
      receiver: { connections: 0 },
    });
    expect(body.bytes).toBeGreaterThan(1_000);
    expect((await get('/api/clear', { method: 'POST' })).body).toEqual({ cleared: true });
    expect((await get('/api/traces')).body.traces).toEqual([]);
    expect((await get('/api/stats')).body).toMatchObject({
      bytes: 0,
      counts: { traces: { received: 3, held: 0, cleared: 2 } },
    });
  });
});
