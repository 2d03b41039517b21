import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPipeline } from './create-pipeline.js';
import type { Pipeline } from './pipeline.js';
import type { HeaderFunction } from './pipeline-options.js';
import { createTelemetry } from './fixtures/telemetry.js';
import { until } from './fixtures/until.js';
import { sourceWorker } from './fixtures/worker.js';

describe.each([
  ['a worker', sourceWorker],
  ['no worker', false],
] as const)('a slow function for headers, with %s', (_where, worker) => {
  let server: Server;
  let tokens: unknown[];
  let pipeline: Pipeline;
  let asked: number;

  function start(headers: HeaderFunction): Pipeline {
    const { port } = server.address() as AddressInfo;
    const endpoint = `http://127.0.0.1:${port}/v1/traces`;
    function ask() {
      asked += 1;
      return headers();
    }
    const traces = { protocol: 'http/protobuf', endpoint, headers: ask } as const;
    pipeline = createPipeline({ traces, worker, listensToExit: false });
    createTelemetry(pipeline).spans(3);
    return pipeline;
  }
  // Without a worker the blocked event loop cannot ask how far the requests in flight came.
  const left = worker === false ? 'outcome_unknown' : 'shutdown_deadline';
  function why(): string | undefined {
    return pipeline.stats().exporters[0]?.why;
  }
  function given(): AbortController & { readonly end: () => void } {
    const controller = new AbortController();
    return Object.assign(controller, { end: () => controller.abort() });
  }

  beforeEach(async () => {
    tokens = [];
    asked = 0;
    server = createServer((request, response) => {
      tokens.push(request.headers.authorization);
      request.resume().on('end', () => response.setHeader('connection', 'close').end());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    await pipeline.shutdown(AbortSignal.abort());
    await once(server.close(), 'close');
  });

  it('delays its telemetry, which is sent within the flush', async () => {
    const token = Promise.withResolvers<Record<string, string>>();
    start(() => token.promise);
    const flushed = pipeline.flush(new AbortController().signal);
    await until(() => why() === 'headers_timeout');
    token.resolve({ authorization: 'late' });
    expect(await flushed).toEqual({ kind: 'done' });
    expect(tokens).toEqual(['late']);
  });

  it('is not called after a flush that ended at its deadline, and its telemetry is counted as dropped', async () => {
    start(() => new Promise<never>(() => {}));
    const over = given();
    const flushed = pipeline.flush(over.signal);
    await until(() => why() === 'headers_timeout');
    over.end();
    expect(await flushed).toMatchObject({ kind: 'deadline', pending: { traces: 3 } });
    const before = asked;
    expect(before).toBeGreaterThan(0);
    expect(pipeline.exit(0).traces).toMatchObject({ queued: 0, dropped: { [left]: 3 } });
    expect([asked, tokens]).toEqual([before, []]);
  });

  it('may throw, and then its telemetry is counted as dropped', async () => {
    start(() => Promise.reject(new Error('no token')));
    const over = given();
    const flushed = pipeline.flush(over.signal);
    await until(() => why() === 'headers');
    over.end();
    expect(await flushed).toMatchObject({ kind: 'deadline' });
    expect(pipeline.exit(0).traces).toMatchObject({ queued: 0, dropped: { [left]: 3 } });
    expect(tokens).toEqual([]);
  });

  it('may answer after the flush, and then its telemetry is sent', async () => {
    const token = Promise.withResolvers<Record<string, string>>();
    start(() => token.promise);
    const over = given();
    const flushed = pipeline.flush(over.signal);
    await until(() => why() === 'headers_timeout');
    over.end();
    await flushed;
    token.resolve({ authorization: 'late' });
    await until(() => tokens.length > 0);
    await until(() => pipeline.stats().ledger.traces.accepted === 3);
    expect(tokens).toEqual(['late']);
  });
});
