import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { attributes, span, spanId, spans, traceId } from '../fixtures/samples.js';
import { createLens, type Lens, type LensAddress } from '../lens/lens.js';

let lens: Lens;
let address: LensAddress;
let readers: Reader[];

beforeEach(async () => {
  readers = [];
  lens = createLens({ grpcPort: 0, httpPort: 0, apiPort: 0 });
  address = await lens.start();
});
afterEach(async () => {
  for (const each of readers) each.socket.destroy();
  await lens.close();
});

interface LiveEvent {
  readonly event: string;
  readonly data: any;
}

/** A client of the feed on a raw socket, so that it can stop reading. */
class Reader {
  readonly socket: Socket;
  readonly events: LiveEvent[] = [];
  #rest = '';

  constructor() {
    this.socket = connect(address.apiPort, '127.0.0.1');
    this.socket.setEncoding('utf8');
    this.socket.on('error', () => undefined);
    this.socket.on('data', (chunk: string) => this.#read(chunk));
    this.socket.write('GET /api/live HTTP/1.1\r\nhost: localhost\r\n\r\n');
    readers.push(this);
  }

  async until(done: (events: readonly LiveEvent[]) => boolean): Promise<void> {
    while (!done(this.events)) await once(this.socket, 'data');
  }

  #read(chunk: string): void {
    const blocks = (this.#rest + chunk).split('\n\n');
    this.#rest = blocks.pop()!;
    for (const block of blocks) {
      const [, event, data = ''] = /event: (\w+)\ndata: (.*)/.exec(block) ?? [];
      if (event !== undefined) this.events.push({ event, data: JSON.parse(data) });
    }
  }
}

async function reader(): Promise<Reader> {
  const one = new Reader();
  await one.until((events) => events.some(({ event }) => event === 'ready'));
  return one;
}

function traces(events: readonly LiveEvent[]) {
  return events.filter(({ event }) => event === 'trace').map(({ data }) => data);
}

describe('GET /api/live', () => {
  it('sends a trace once its root has arrived, and again when it grows', async () => {
    const one = await reader();
    const id = traceId();
    const root = spanId();
    lens.store.ingest(spans([span({ traceId: id, parentSpanId: root })]));
    const other = traceId();
    lens.store.ingest(spans([span({ traceId: other, name: 'first' })]));
    await one.until((events) => traces(events).length === 1);
    expect(traces(one.events)).toMatchObject([{ traceId: other, name: 'first' }]);
    lens.store.ingest(spans([span({ traceId: id, spanId: root, name: 'root' })], 'gateway'));
    await one.until((events) => traces(events).length === 2);
    lens.store.ingest(spans([span({ traceId: id, parentSpanId: root })]));
    await one.until((events) => traces(events).length === 3);
    const row = { traceId: id, service: 'gateway', name: 'root', durationMs: 5, status: 'unset' };
    expect(traces(one.events).slice(1)).toMatchObject([
      { ...row, spanCount: 2 },
      { ...row, spanCount: 3 },
    ]);
  });

  it('sends many changes of one trace once, and a clear', async () => {
    const one = await reader();
    const id = traceId();
    for (let i = 0; i < 50; i += 1) lens.store.ingest(spans([span({ traceId: id })]));
    await one.until((events) => traces(events).length > 0);
    expect(traces(one.events)).toMatchObject([{ spanCount: 50 }]);
    lens.clear();
    await one.until((events) => events.some(({ event }) => event === 'clear'));
  });

  it('sends a gap for traces that do not fit into one flush', async () => {
    const one = await reader();
    lens.store.ingest(spans(Array.from({ length: 1_500 }, () => span())));
    await one.until((events) => events.length === 1 + 1_000 + 1);
    const gap = one.events.find(({ event }) => event === 'gap');
    expect(gap?.data).toEqual({ missed: 500 });
    expect(traces(one.events)).toHaveLength(1_000);
  });

  it('queues a bounded number of events for a reader that stopped, and then sends a gap', async () => {
    const stopped = await reader();
    const going = await reader();
    stopped.socket.pause();
    const wide = {
      attributes: attributes({ 'http.route': 'r'.repeat(1_024) }),
      name: 'n'.repeat(1_024),
    };
    let sent = 0;
    // This is more than the sockets of both sides and the queue hold together.
    while (sent < 12_500) {
      lens.store.ingest(spans(Array.from({ length: 500 }, () => span(wide))));
      sent += 500;
      const expected = sent;
      await going.until((events) => traces(events).length >= expected);
    }
    expect(going.events.filter(({ event }) => event === 'gap')).toEqual([]);
    stopped.socket.resume();
    await stopped.until((events) => events.some(({ event }) => event === 'gap'));
    const last = traceId();
    lens.store.ingest(spans([span({ traceId: last })]));
    await stopped.until((events) => traces(events).some((trace) => trace.traceId === last));
    const events = stopped.events;
    const missed = events
      .filter(({ event }) => event === 'gap')
      .reduce((total, { data }) => total + data.missed, 0);
    expect(missed).toBeGreaterThan(500);
    expect(missed + traces(events).length).toBe(sent + 1);
  });

  it('counts no client after the last reader has left', async () => {
    const one = await reader();
    expect(lens.stats().liveClients).toBe(1);
    one.socket.destroy();
    // The server sees the end with a delay. Requests are sent until its count shows that it did.
    while (lens.stats().liveClients > 0) await fetch(`${address.apiUrl}/api/stats`);
    lens.store.ingest(spans([span()]));
    expect(lens.stats().liveClients).toBe(0);
  });

  it('serves 16 readers, and ends them all on close', async () => {
    const all = await Promise.all(Array.from({ length: 16 }, reader));
    const response = await fetch(`${address.apiUrl}/api/live`);
    expect(response.status).toBe(503);
    await response.text();
    const ended = all.map(({ socket }) => once(socket, 'close'));
    await lens.close();
    await Promise.all(ended);
  });
});
