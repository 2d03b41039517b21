import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestOptions, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ROOT_CONTEXT, context } from '@opentelemetry/api';
import { recordTelemetry } from '@nestlens/testing';
import type { RecordedTelemetry } from '@nestlens/testing';
import { AsyncContextManager } from '../context/async-context-manager.js';
import { globalProviders } from '../late-bound/globals.js';
import { withIncoming } from '../propagation/incoming-headers.js';
import { Inventory } from '../report/inventory.js';
import { HttpClientInstrumentation } from './http-client.instrumentation.js';
import { settingsOf } from './fixtures/settings-of.js';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const CHOSEN = '00-11111111111111111111111111111111-2222222222222222-01';
const BODY = 'three';

describe('the trace headers of a request of node:http', () => {
  let server: Server;
  let port: number;
  let telemetry: RecordedTelemetry;
  let instrumentation: HttpClientInstrumentation;
  let received: [name: string, value: string][];

  beforeAll(async () => {
    server = createServer((req, res) => {
      const { rawHeaders } = req;
      received = rawHeaders.flatMap((name, at) =>
        at % 2 === 0 ? [[name.toLowerCase(), rawHeaders[at + 1]!]] : [],
      );
      req.pipe(res);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
    telemetry = recordTelemetry({ contextManager: new AsyncContextManager() });
    instrumentation = new HttpClientInstrumentation(
      settingsOf(),
      new Inventory(),
      globalProviders.byHand,
    );
  });
  afterAll(async () => {
    instrumentation.disable();
    await telemetry.restore();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  beforeEach(() => telemetry.reset());

  const incoming = withIncoming(ROOT_CONTEXT, {
    incomingHeader: (name) => ({ traceparent: TRACEPARENT, baggage: 'k=v' })[name],
  });

  /** Sends a request, and resolves with the `traceparent` headers that arrived: `ours`, or the value itself. */
  const sent = async (
    headers: RequestOptions['headers'],
    prepare: (req: ClientRequest) => void = () => {},
  ): Promise<unknown[]> => {
    const [response] = (await context.with(incoming, () => {
      const req = request(`http://127.0.0.1:${port}/`, { method: 'POST', headers });
      prepare(req);
      req.end(BODY);
      return once(req, 'response');
    })) as [IncomingMessage];
    expect((await response.setEncoding('utf8').toArray()).join('')).toBe(BODY);
    const [span] = await telemetry.waitForSpans(1);
    expect(span!.attributes['server.port']).toBe(port);
    const { traceId, spanId } = span!.spanContext();
    return received
      .filter(([name]) => name === 'traceparent')
      .map(([, value]) => (value.startsWith(`00-${traceId}-${spanId}-`) ? 'ours' : value));
  };

  const host = (): string => `127.0.0.1:${port}`;
  const length = String(BODY.length);

  it('are ours if the headers were given as a list', async () => {
    expect(await sent(['Host', host(), 'Content-Length', length])).toEqual(['ours']);
    expect(received).toContainEqual(['content-length', length]);
  });

  it('are ours in place of incoming ones that a list passes on', async () => {
    expect(await sent(['Host', host(), 'TraceParent', TRACEPARENT, 'X-A', '1'])).toEqual(['ours']);
    expect(received).toContainEqual(['x-a', '1']);
    await telemetry.reset();
    const pairs = [
      ['host', host()],
      ['traceparent', TRACEPARENT],
    ];
    expect(await sent(pairs as never)).toEqual(['ours']);
  });

  it('are those that the app chose in a list', async () => {
    expect(await sent(['Host', host(), 'Traceparent', CHOSEN])).toEqual([CHOSEN]);
  });

  it('do not change after the headers were sent', async () => {
    const headers = ['Host', host(), 'Traceparent', TRACEPARENT, 'Expect', '100-continue'];
    expect(await sent(headers)).toEqual([TRACEPARENT]);
  });

  it("are ours if setHeader() passes on an incoming one, and the app's if it sets another", async () => {
    const set = (value: string) => (req: ClientRequest) =>
      void req.setHeader('Traceparent', value).setHeader('X-A', ['1', '2']);
    expect(await sent({}, set(TRACEPARENT))).toEqual(['ours']);
    expect(received).toContainEqual(['x-a', '2']);
    await telemetry.reset();
    expect(await sent({}, set(CHOSEN))).toEqual([CHOSEN]);
  });
});
