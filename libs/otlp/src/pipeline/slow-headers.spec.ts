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
  ['none', false],
] as const)('a function for headers that is slow, with %s', (_where, worker) => {
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
  // On the loop, which gets no turn any more, what is in hand cannot be asked how far it came.
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

  it('answers all the same: what waited for it is sent within the flush', async () => {
    const token = Promise.withResolvers<Record<string, string>>();
    start(() => token.promise);
    const flushed = pipeline.flush(new AbortController().signal);
    await until(() => why() === 'headers_timeout');
    token.resolve({ authorization: 'late' });
    expect(await flushed).toEqual({ kind: 'done' });
    expect(tokens).toEqual(['late']);
  });

  it('and never answers is not asked any more after a flush that ended at its deadline', async () => {
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

  it('and throws is counted with what it holds up', async () => {
    start(() => Promise.reject(new Error('no token')));
    const over = given();
    const flushed = pipeline.flush(over.signal);
    await until(() => why() === 'headers');
    over.end();
    expect(await flushed).toMatchObject({ kind: 'deadline' });
    expect(pipeline.exit(0).traces).toMatchObject({ queued: 0, dropped: { [left]: 3 } });
    expect(tokens).toEqual([]);
  });

  it('and answers after the flush still has its telemetry sent', async () => {
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
