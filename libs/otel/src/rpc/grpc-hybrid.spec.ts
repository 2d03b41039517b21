import { SpanKind } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { recordTelemetry } from '@nestlens/testing';
import { AsyncContextManager } from '../context/async-context-manager.js';
import { drive, KINDS } from './fixtures/drive.js';
import { bareClient, metadataOf, startShop } from './fixtures/shop.js';
import type { BareClient, Shop } from './fixtures/shop.js';
import { Telemetry } from './fixtures/telemetry.js';

const telemetry = new Telemetry(() =>
  recordTelemetry({ contextManager: new AsyncContextManager() }),
);
const isServer = (span: ReadableSpan): boolean => span.kind === SpanKind.SERVER;

describe.each(['hybrid', 'hybrid-inheriting'] as const)('a gRPC server of a %s app', (kind) => {
  let shop: Shop;
  let client: BareClient;

  beforeAll(async () => {
    telemetry.start();
    shop = await startShop({ kind });
    client = bareClient(shop.port);
  });

  afterEach(() => telemetry.reset());

  afterAll(async () => {
    client.close();
    await shop.close();
    await telemetry.stop();
  });

  it.each(KINDS)('makes one span for each %s, with one exception', async (method) => {
    const ok = await drive(client, method, 'ok').ended;
    const span = await telemetry.endedOne(isServer);
    const { traceId, spanId } = span.spanContext();
    expect(new Set(ok.replies.join(' ').split(' '))).toEqual(new Set([`${traceId}/${spanId}/`]));
    await telemetry.reset();
    await drive(client, method, 'error').ended;
    const failed = await telemetry.endedOne(isServer);
    expect(failed.events.map(({ attributes }) => attributes?.['exception.type'])).toEqual([
      'OutOfPaper',
    ]);
    expect(telemetry.spans).toHaveLength(1);
  });

  it('names the handler if a guard refuses', async () => {
    await drive(client, 'Get', 'ok', metadataOf({ token: 'bad' })).ended;
    const span = await telemetry.endedOne(isServer);
    expect(span.attributes['code.function.name']).toBe('OrdersController.find');
  });
});
