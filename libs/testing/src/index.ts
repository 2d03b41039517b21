export { OtelTestingModule } from './otel-testing.module.js';
export { TestTelemetry } from './test-telemetry.js';
/**
 * Test telemetry as its receiver would see it.
 *
 * @module @nestlens/testing
 */

export { ScriptedOtlpServer } from './otlp-server.js';
export type { ScriptedOtlpServerOptions } from './otlp-server.js';
export type { ReceivedLogRecord, ReceivedMetric, ReceivedRequest } from './received.js';
export {
  accept,
  hang,
  partial,
  refuse,
  ReplyScript,
  reset,
  throttle,
  unavailable,
} from './reply-script.js';

export { recordTelemetry } from './recorded-telemetry.js';
export type { RecordedTelemetry, RecordTelemetryOptions } from './recorded-telemetry.js';
export type { RecordedMetric } from './on-demand-reader.js';

export { expectSpanTree } from './span-tree-match.js';
export type { ExpectedEvent, ExpectedSpan, ExpectSpanTreeOptions } from './span-tree-match.js';
export type { ExpectedValue } from './expected-value.js';
export { formatSpanTree } from './span-tree-format.js';
export type { FormatSpanTreeOptions } from './span-tree-format.js';
export { flattenSpanTree, toSpanTree } from './span-tree.js';
export type { SpanNode } from './span-tree.js';
export { viewOf } from './span-view.js';
export type {
  AnySpan,
  ReceivedSpan,
  SpanKindName,
  SpanStatusName,
  SpanView,
  SpanViewEvent,
} from './span-view.js';
export { receivedSpan } from './received-span.js';
export type { ReceivedSpanParts } from './received-span.js';

export { patience, PATIENCE_MS, terminates } from './patience.js';
export { leakCheck, useLeakCheck } from './leak-check.js';
export type { LeakCheck, LeakCheckOptions, Leftover, SettledOptions } from './leak-check.js';
export type { OpenResource } from './open-resources.js';

export { FaultProxy } from './fault-proxy.js';
export type { FaultProxyOptions, FlowFaults, ProxyFaults } from './fault-proxy.js';
export { seededRandom } from './seeded-random.js';

export { ManualClock, systemClock } from './manual-clock.js';
export type { Clock, ClockTimer } from './manual-clock.js';

export { exportEngineContract } from './contracts/export-engine.contract.js';
export type {
  EngineContractOptions,
  EngineDestination,
  EngineFactory,
  EngineOptions,
  EngineProtocol,
} from './contracts/export-engine.contract.js';
export { lifecycleContract } from './contracts/lifecycle.contract.js';
export type {
  Lifecycle,
  LifecycleContractOptions,
  LifecycleFactory,
  LifecycleSubject,
} from './contracts/lifecycle.contract.js';
export { moduleContract } from './contracts/module.contract.js';
export type { AppFactory, ModuleContractOptions, NestApp } from './contracts/module.contract.js';

export { UnmetExpectation } from './unmet-expectation.js';
export type { WaitOptions, Wanted } from './arrivals.js';
