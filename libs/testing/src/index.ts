/**
 * Tests of the telemetry of an app, in memory or received over OTLP.
 *
 * @module @nestlens/testing
 */

// These record an app under test, in memory.
export { OtelTestingModule } from './otel-testing.module.js';
export { TestTelemetry } from './test-telemetry.js';
export type { RecordedMetric } from './on-demand-reader.js';
export type { WaitOptions, Wanted } from './arrivals.js';

// These record code outside Nest, in memory.
export { recordTelemetry } from './recorded-telemetry.js';
export type { RecordedTelemetry, RecordTelemetryOptions } from './recorded-telemetry.js';

// These receive telemetry over OTLP.
export { ScriptedOtlpServer } from './otlp-server.js';
export type { ScriptedOtlpServerOptions } from './otlp-server.js';
export type { ReceivedLogRecord, ReceivedMetric, ReceivedRequest } from './received.js';
export { accept, hang, partial, refuse, reset, throttle, unavailable } from './reply-script.js';

// These compare and print telemetry.
export { expectSpanTree } from './span-tree-match.js';
export type { ExpectedEvent, ExpectedSpan, ExpectSpanTreeOptions } from './span-tree-match.js';
export type { ExpectedValue } from './expected-value.js';
export { formatSpanTree } from './span-tree-format.js';
export type { FormatSpanTreeOptions } from './span-tree-format.js';
export type { AnySpan, ReceivedSpan, SpanKindName, SpanStatusName } from './span-view.js';
export { UnmetExpectation } from './unmet-expectation.js';

// These check for leaks, wait, simulate faults and move time.
export { useLeakCheck } from './leak-check.js';
export type { LeakCheckOptions, Leftover, SettledOptions } from './leak-check.js';
export type { OpenResource } from './open-resources.js';
export { patience, PATIENCE_MS, terminates } from './patience.js';
export { FaultProxy } from './fault-proxy.js';
export type { FaultProxyOptions, FlowFaults, ProxyFaults } from './fault-proxy.js';
export { seededRandom } from './seeded-random.js';
export { ManualClock } from './manual-clock.js';
export type { Clock, ClockTimer } from './manual-clock.js';
