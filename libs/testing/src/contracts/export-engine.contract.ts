import { strict as assert } from 'node:assert';
import type { ExportEngine, Signal } from '@nestlens/otel';
import { PROTOCOLS } from '@nestlens/otlp';
import type { Protocol } from '@nestlens/otlp';
import type { ExportReply } from '@nestlens/otlp/receiver';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import type { Sampler } from '@opentelemetry/sdk-trace';
import { leakCheck } from '../leak-check.js';
import { ScriptedOtlpServer } from '../otlp-server.js';
import { partial, refuse, unavailable } from '../reply-script.js';
import { installContract, within } from './contract.js';
import type { ContractCase } from './contract.js';
import { EngineBench } from './engine-bench.js';

/** OTLP over gRPC, or over HTTP with protobuf or JSON. */
export type EngineProtocol = Protocol;

/** The destination of the engine under test. */
export interface EngineDestination {
  readonly protocol: EngineProtocol;
  /** One endpoint for all signals, as in `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly endpoint: string;
}

/** Batching of the engine under test. */
export interface EngineOptions {
  readonly maxQueueSize: number;
  readonly maxBatchSize: number;
  /** This delay is long, so that the cases decide when to send. */
  readonly delayMs: number;
  /** Time for one export, including its retries. */
  readonly timeoutMs: number;
}

/** Makes the engine under test. */
export type EngineFactory = (
  destination: EngineDestination,
  options: EngineOptions,
) => ExportEngine | Promise<ExportEngine>;

/** Differences between engines that keep the contract. */
export interface EngineContractOptions {
  /** Default: all three. */
  protocols?: readonly EngineProtocol[];
  /** False if the engine does not read partial successes, and counts them as accepted. Default: true. */
  countsPartialSuccess?: boolean;
}

/**
 * The contract of an `ExportEngine`, over real connections: ended telemetry arrives once and with its ids, a
 * completed flush means delivery, and the ledger adds up whatever the collector answers.
 */
export const exportEngineContract = (
  name: string,
  create: EngineFactory,
  options: EngineContractOptions = {},
): void => {
  const { protocols = PROTOCOLS } = options;
  for (const protocol of protocols) {
    installContract(
      `${name}: export engine over ${protocol}`,
      exportEngineCases(protocol, create, options),
    );
  }
};

interface Setup {
  readonly server: ScriptedOtlpServer;
  readonly bench: EngineBench;
}

interface Setting {
  readonly sampler?: Sampler;
  readonly options?: Partial<EngineOptions>;
}

const USUAL: EngineOptions = {
  maxQueueSize: 2048,
  maxBatchSize: 512,
  delayMs: 60_000,
  timeoutMs: 500,
};
const LIMIT_MS = 15_000;
/** gRPC status INVALID_ARGUMENT, which is never retried. */
const INVALID_ARGUMENT = 3;

/** @internal The cases without a test runner. */
export const exportEngineCases = (
  protocol: EngineProtocol,
  create: EngineFactory,
  { countsPartialSuccess = true }: EngineContractOptions = {},
): readonly ContractCase[] => {
  const on = (
    name: string,
    run: (setup: Setup) => Promise<void>,
    { sampler, options }: Setting = {},
  ): ContractCase => ({
    name,
    run: async () => {
      const check = leakCheck();
      const server = await ScriptedOtlpServer.start();
      const endpoint = protocol === 'grpc' ? server.grpcUrl : server.httpUrl;
      const engine = await create({ protocol, endpoint }, { ...USUAL, ...options });
      const bench = new EngineBench(engine, sampler);
      try {
        await within(LIMIT_MS, 'the case', run({ server, bench }));
      } finally {
        await bench.shutdown();
        await server.close();
      }
      await check.settled();
    },
  });
  return [
    on('lists the destination of each signal', async ({ bench: { engine }, server }) => {
      const port = protocol === 'grpc' ? server.grpcPort : server.httpPort;
      for (const destination of engine.destinations) {
        assert.equal(destination.protocol, protocol);
        assert.equal(new URL(destination.url).port, String(port));
      }
      const signals = engine.destinations.map(({ signal }) => signal);
      assert.equal([...signals].toSorted().join(), 'logs,metrics,traces');
    }),
    ...deliveryCases(on),
    ...answerCases(on, countsPartialSuccess),
    ...endCases(on),
  ];
};

type On = (name: string, run: (setup: Setup) => Promise<void>, setting?: Setting) => ContractCase;

const deliveryCases = (on: On): ContractCase[] => [
  on('delivers spans with their ids, links to parents, service and scope', async (setup) => {
    const { bench, server } = setup;
    const ids = bench.endSpans(3);
    await bench.flush('traces');
    const spans = server.spans();
    assertSame(spans.map(idOf), ids);
    const parents = new Map(spans.map((span) => [span.name, span.parentSpanId]));
    assert.equal(parents.get('span 0'), '');
    assert.equal(parents.get('span 2'), ids[1]?.split(':')[1]);
    assert.equal(spans[0]?.resource.attributes['service.name'], 'contract');
    assert.equal(spans[0]?.scope.name, 'contract');
    assert.equal(spans.find(({ name }) => name === 'span 1')?.attributes['odd'], true);
    assertAccepted(bench, 'traces', 3);
  }),
  on('delivers log records with their span', async ({ bench, server }) => {
    const { bodies, spanId } = bench.emitLogs(3);
    await bench.flush('logs');
    const records = server.logRecords();
    assertSame(
      records.map(({ body }) => body),
      bodies,
    );
    assert.equal(records[0]?.spanId, spanId);
    assertAccepted(bench, 'logs', 3);
  }),
  on('delivers metrics', async ({ bench, server }) => {
    bench.count(3);
    await bench.flush('metrics');
    const calls = server.metrics().find(({ name }) => name === 'contract.calls');
    assert.equal(calls?.data.kind === 'sum' ? Number(calls.data.points[0]?.value) : undefined, 3);
    assert.equal(bench.engine.status().metrics.accepted >= 1, true);
  }),
  on(
    'delivers each of 250 spans once, in several batches',
    async ({ bench, server }) => {
      const ids = bench.endSpans(250);
      await bench.flush('traces');
      assertSame(server.spans().map(idOf), ids);
      assertAccepted(bench, 'traces', 250);
    },
    { options: { maxBatchSize: 100 } },
  ),
  on('delivers all ended spans on a flush beside another flush', async ({ bench, server }) => {
    const early = bench.endSpans(2);
    const first = bench.flush('traces');
    const late = bench.endSpans(2);
    await bench.flush('traces');
    assertSame(server.spans().map(idOf), [...early, ...late]);
    await first;
  }),
  on(
    'does not send unsampled spans',
    async ({ bench, server }) => {
      bench.endSpans(2);
      await bench.flush('traces');
      assert.equal(server.requests().length, 0);
      assert.equal(bench.engine.status().traces.queued, 0);
    },
    { sampler: new AlwaysOffSampler() },
  ),
];

const answerCases = (on: On, countsPartialSuccess: boolean): ContractCase[] => {
  const answered = (reply: ExportReply, run: (setup: Setup) => Promise<void>) => (setup: Setup) => {
    setup.server.script.otherwise(reply);
    setup.bench.endSpans(4);
    setup.bench.emitLogs(4);
    return run(setup);
  };
  const flushed = async ({ bench }: Setup): Promise<void> => {
    await Promise.all([bench.flush('traces'), bench.flush('logs')]);
  };
  return [
    on(
      'counts items that the collector refuses as rejected',
      answered(refuse(INVALID_ARGUMENT), async (setup) => {
        await flushed(setup);
        for (const { rejected, queued, last } of both(setup)) {
          assert.deepEqual([rejected, queued, last.outcome], [4, 0, 'failed']);
        }
      }),
    ),
    on(
      'counts items that a partial success rejects',
      answered(partial(1), async (setup) => {
        await flushed(setup);
        const [left, taken] = countsPartialSuccess ? [1, 3] : [0, 4];
        for (const { rejected, accepted, queued } of both(setup)) {
          assert.deepEqual([rejected, accepted, queued], [left, taken, 0]);
        }
      }),
    ),
    on(
      'counts no item as accepted while the collector is unavailable',
      answered(unavailable(), async (setup) => {
        await flushed(setup);
        for (const { accepted, last } of both(setup)) {
          assert.deepEqual([accepted, last.outcome], [0, 'failed']);
        }
      }),
    ),
    on('ends a flush while nobody listens', async (setup) => {
      await setup.server.close();
      setup.bench.endSpans(4);
      setup.bench.emitLogs(4);
      await flushed(setup);
      for (const { accepted } of both(setup)) assert.equal(accepted, 0);
    }),
    on(
      'counts the items that a full queue drops',
      async ({ bench, server }) => {
        bench.endSpans(25);
        await bench.flush('traces');
        const { accepted, dropped } = bench.assertAddsUp().traces;
        assert.equal(accepted, server.spans().length);
        // An engine that is bounded in bytes may have room for all of them.
        assert.equal(dropped['queue_full'] ?? 0, 25 - accepted);
      },
      { options: { maxQueueSize: 10, maxBatchSize: 10 } },
    ),
  ];
};

const endCases = (on: On): ContractCase[] => [
  on('delivers all ended items at shutdown', async ({ bench, server }) => {
    const ids = bench.endSpans(3);
    const { bodies } = bench.emitLogs(2);
    bench.count(1);
    await bench.shutdown();
    assertSame(server.spans().map(idOf), ids);
    assert.equal(server.logRecords().length, bodies.length);
    assert.equal(server.metrics().length, 1);
    bench.assertAddsUp();
  }),
  on('can be shut down twice, and sends nothing afterwards', async ({ bench, server }) => {
    await Promise.all([bench.shutdown(), bench.shutdown()]);
    await bench.shutdown();
    bench.endSpans(1);
    bench.emitLogs(1);
    await Promise.all([bench.flush('traces'), bench.flush('logs')]);
    assert.equal(server.spans().length + server.logRecords().length, 0);
  }),
];

const both = ({ bench }: Setup) => {
  const { traces, logs } = bench.assertAddsUp();
  return [traces, logs];
};

const assertAccepted = (
  bench: EngineBench,
  signal: Exclude<Signal, 'metrics'>,
  count: number,
): void => {
  const { accepted, queued, last } = bench.assertAddsUp()[signal];
  assert.deepEqual([accepted, queued, last.outcome], [count, 0, 'accepted']);
};

const idOf = ({ traceId, spanId }: { traceId: string; spanId: string }): string =>
  `${traceId}:${spanId}`;

/** Compares in any order and as text, so that realms and prototypes do not matter. */
const assertSame = (found: readonly unknown[], expected: readonly string[]): void => {
  assert.equal(found.map(String).toSorted().join('\n'), [...expected].toSorted().join('\n'));
};
