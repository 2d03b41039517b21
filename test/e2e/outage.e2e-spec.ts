import type { OtelModuleOptions } from '@nestlens/otel';
import { ScriptedOtlpServer, hang, partial, unavailable, useLeakCheck } from '@nestlens/testing';
import { WorkService } from './work-service.js';

const LIMIT_MS = 240_000;
const ARRIVAL_MS = 90_000;
/** Checks of the health state, each after a request for work. */
const MOST_LOOKS = 10_000;
/** Errors and warnings allowed in one outage, however often each cause occurs. */
const MOST_CAUSES = 3;
const TAKEN = ['accepted', 'partial'];
const REQUESTS = 40;
const SIGNALS = ['traces', 'metrics', 'logs'] as const;
type Signal = (typeof SIGNALS)[number];
type Engine = 'nestlens' | 'sdk';
/** The parts in which two lines with the same message differ. */
const VARYING = /[\d:.,/]+|\b[AP]M\b/g;

/** Exports soon and often, with short timeouts, so that a short outage has an effect. */
const optionsFor = (endpoint: string, engine: Engine): OtelModuleOptions => ({
  service: { name: 'work' },
  otlp: {
    engine,
    protocol: 'grpc',
    endpoint,
    timeoutMs: 400,
    // The service runs from source and has no worker file, which would lead to a warning.
    ...(engine === 'nestlens' && { worker: false }),
  },
  traces: { batch: { delayMs: 50 } },
  metrics: { intervalMs: 500, timeoutMs: 400 },
  logs: { level: 'debug', ...(engine === 'sdk' && { batch: { delayMs: 50 } }) },
  health: { cacheMs: 0, details: 'always' },
  diagnostics: { startupReport: false },
});

/** Sends requests for work. @returns the statuses other than 200 */
async function work(service: WorkService, count = REQUESTS): Promise<number[]> {
  const statuses: number[] = [];
  for (let turn = 0; turn < count; turn += 1) statuses.push(await service.work());
  return statuses.filter((status) => status !== 200);
}

/** Sends requests for work until the health state is `wanted`. Readiness stays 200 meanwhile. */
async function becomes(
  service: WorkService,
  wanted: string,
  server?: ScriptedOtlpServer,
): Promise<Record<string, unknown>> {
  let otlp: Record<string, unknown> = {};
  let found = '';
  for (let look = 0; look < MOST_LOOKS; look += 1) {
    const { status, state, otlp: now } = await service.health();
    if (status !== 200) throw new Error(`readiness answers ${status} ${state}`);
    if (state === wanted) return now;
    [otlp, found] = [now, state];
    await work(service, 1);
    // The state cannot change before the next export.
    await server?.waitForRequests(server.requests().length + 1);
  }
  throw new Error(`still ${found}: ${JSON.stringify(otlp)}`);
}

/** Sends requests for work, one after the other, until `happens` settles. */
async function worksUntil(service: WorkService, happens: Promise<unknown>): Promise<void> {
  const settled = new AbortController();
  const stop = (): void => settled.abort();
  void happens.then(stop, stop);
  while (!settled.signal.aborted) expect(await service.work()).toBe(200);
  await happens;
}

/** The printed errors and warnings, without the parts that differ each time. */
const troubles = ({ lines }: WorkService): string[] =>
  lines.filter((line) => / (WARN|ERROR) /.test(line)).map((line) => line.replaceAll(VARYING, '#'));

/** Checks that no error or warning came twice, and that there are few of them. */
function expectQuiet(service: WorkService): void {
  const said = troubles(service);
  expect(said).toEqual([...new Set(said)]);
  expect(said.length).toBeLessThanOrEqual(MOST_CAUSES);
  // The failed export belongs to no request.
  expect(said.filter((line) => line.includes('trace_id='))).toEqual([]);
}

/** Counts a signal from the report at the end of the service. `lost` sums rejected and dropped items. */
function account({ sent }: WorkService, signal: Signal) {
  const { accepted = 0, rejected = 0, queued = 0, dropped = {} } = sent?.[signal] ?? {};
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, rejected);
  return { accepted, lost, queued, created: accepted + lost + queued };
}

/**
 * Checks that at most the possible duplicates arrived more often than they were accepted: an answer may come
 * after its attempt has ended.
 */
function expectReceived(service: WorkService, server: ScriptedOtlpServer, signal: Signal): void {
  const { accepted, queued } = account(service, signal);
  const twice = received(server, signal) - accepted;
  expect(queued).toBe(0);
  expect(twice).toBeGreaterThanOrEqual(0);
  expect(twice).toBeLessThanOrEqual(service.sent?.[signal].possibleDuplicates ?? 0);
}

const received = (server: ScriptedOtlpServer, signal: Signal): number =>
  server
    .requests()
    .filter(({ signal: its, reply }) => its === signal && TAKEN.includes(reply.kind))
    .reduce((sum, { items }) => sum + items, 0);

describe.each(['nestlens', 'sdk'] as const)('with the engine %s, a collector that', (engine) => {
  useLeakCheck({ timeoutMs: 10_000 });

  const start = (name: string, endpoint: string): Promise<WorkService> =>
    WorkService.start(name, optionsFor(endpoint, engine));
  /** The official exporters lose telemetry that they cannot send. Ours loses nothing that its memory holds. */
  const expectLoss = (lost: number): void => {
    if (engine === 'nestlens') expect(lost).toBe(0);
    else expect(lost).toBeGreaterThan(0);
  };

  it(
    'is down at the start makes the service degraded, not unready, until it is up',
    async () => {
      await using server = await ScriptedOtlpServer.start();
      await server.close();
      await using service = await start('late', server.grpcUrl);
      expect(await work(service)).toEqual([]);
      expect(await becomes(service, 'degraded')).toMatchObject({
        status: 'degraded',
        reason: expect.stringContaining('ECONNREFUSED') as string,
      });
      await server.start();
      expect(await becomes(service, 'ok', server)).toMatchObject({
        status: 'up',
        traces: 'accepted',
      });
      const exit = await service.stop();

      expect(exit).toEqual({ code: null, signal: 'SIGTERM', forced: false });
      expectQuiet(service);
      const traces = account(service, 'traces');
      expect(traces.created).toBe(service.asked + 1);
      expectLoss(traces.lost);
      for (const signal of SIGNALS) expectReceived(service, server, signal);
    },
    LIMIT_MS,
  );

  it(
    'goes down and comes up again costs at most counted spans, and later spans arrive',
    async () => {
      await using server = await ScriptedOtlpServer.start();
      await using service = await start('gap', server.grpcUrl);
      expect(await work(service)).toEqual([]);
      await server.waitForSpans(REQUESTS, { timeoutMs: ARRIVAL_MS });
      await server.close();
      expect(await work(service)).toEqual([]);
      await becomes(service, 'degraded');
      await server.start();
      const comes = server.waitForSpans(server.spans().length + 1, { timeoutMs: ARRIVAL_MS });
      await worksUntil(service, comes);
      await service.stop();

      expectQuiet(service);
      const traces = account(service, 'traces');
      expect(traces).toMatchObject({ created: service.asked + 1, queued: 0 });
      expectLoss(traces.lost);
      // Requests in flight when the collector stopped may have arrived without an answer.
      expect(received(server, 'traces')).toBeGreaterThanOrEqual(traces.accepted);
      // A batch that was sent again may arrive behind the last one.
      expect(server.spans().map(({ name }) => name)).toContain('nestjs.shutdown');
    },
    LIMIT_MS,
  );

  it.each([
    ['answers UNAVAILABLE', unavailable()],
    ['never answers', hang()],
  ])(
    '%s fails no request of the app, and each lost span is counted',
    async (name, reply) => {
      await using server = await ScriptedOtlpServer.start();
      server.script.otherwise(reply);
      await using service = await start(reply.kind, server.grpcUrl);
      expect(await work(service)).toEqual([]);
      expect(await becomes(service, 'degraded')).toMatchObject({
        reason: expect.stringMatching(
          engine === 'sdk'
            ? /(traces|metrics|logs) failed: (UNAVAILABLE|DEADLINE_EXCEEDED) at /
            : /(traces|metrics|logs) failed: (UNAVAILABLE|timeout|event_loop_blocked) at /,
        ) as string,
      });
      expect(await work(service)).toEqual([]);
      const exit = await service.stop();

      expect([name, exit]).toEqual([name, { code: null, signal: 'SIGTERM', forced: false }]);
      expectQuiet(service);
      const created = service.asked + 1;
      expect(account(service, 'traces')).toEqual({
        accepted: 0,
        lost: created,
        queued: 0,
        created,
      });
      expect(server.spans()).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'rejects a part of each batch leads to one warning, and the service stays ok',
    async () => {
      await using server = await ScriptedOtlpServer.start();
      server.script.otherwise(partial(1));
      await using service = await start('partial', server.grpcUrl);
      expect(await work(service)).toEqual([]);
      await becomes(service, 'ok', server);
      await service.stop();

      expectQuiet(service);
      expect(troubles(service).join()).toContain('artial');
      const { created, queued } = account(service, 'traces');
      expect([created, queued]).toEqual([service.asked + 1, 0]);
      expect(received(server, 'traces')).toBe(created);
    },
    LIMIT_MS,
  );
});
