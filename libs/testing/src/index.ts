/**
 * Tests of what an app records: in memory, or as its receiver would see it.
 *
 * @module @nestlens/testing
 */

// An app under test, in memory.
export { OtelTestingModule } from './otel-testing.module.js';
export { TestTelemetry } from './test-telemetry.js';
export type { RecordedMetric } from './on-demand-reader.js';
export type { WaitOptions, Wanted } from './arrivals.js';

// Outside of Nest, in memory.
export { recordTelemetry } from './recorded-telemetry.js';
export type { RecordedTelemetry, RecordTelemetryOptions } from './recorded-telemetry.js';

// Over the wire.
export { ScriptedOtlpServer } from './otlp-server.js';
export type { ScriptedOtlpServerOptions } from './otlp-server.js';
export type { ReceivedLogRecord, ReceivedMetric, ReceivedRequest } from './received.js';
export { accept, hang, partial, refuse, reset, throttle, unavailable } from './reply-script.js';

// What is expected.
export { expectSpanTree } from './span-tree-match.js';
export type { ExpectedEvent, ExpectedSpan, ExpectSpanTreeOptions } from './span-tree-match.js';
export type { ExpectedValue } from './expected-value.js';
export { formatSpanTree } from './span-tree-format.js';
export type { FormatSpanTreeOptions } from './span-tree-format.js';
export type { AnySpan, ReceivedSpan, SpanKindName, SpanStatusName } from './span-view.js';
export { UnmetExpectation } from './unmet-expectation.js';

// What is left open, what hangs, and what breaks.
export { useLeakCheck } from './leak-check.js';
export type { LeakCheckOptions, Leftover, SettledOptions } from './leak-check.js';
export type { OpenResource } from './open-resources.js';
export { patience, PATIENCE_MS, terminates } from './patience.js';
export { FaultProxy } from './fault-proxy.js';
export type { FaultProxyOptions, FlowFaults, ProxyFaults } from './fault-proxy.js';
export { seededRandom } from './seeded-random.js';
export { ManualClock } from './manual-clock.js';
export type { Clock, ClockTimer } from './manual-clock.js';
