/**
 * A local receiver of OTLP with a bounded store and a JSON API.
 *
 * @module @nestlens/lens
 */

export { createLens } from './lens/lens.js';
export type { Lens, LensAddress, LensStats } from './lens/lens.js';
export type { LensOptions } from './lens/options.js';
export { LensError } from './lens/lens-error.js';
export type { LensErrorCode } from './lens/lens-error.js';
export type { AdmissionLimits } from './admission/limits.js';
export type { LensStore, SignalStats, StoreStats } from './store/store.js';
export type { CountsBySignal, SignalCounts } from './store/counts.js';
export type { TraceSummary, TraceStatus } from './query/trace-summary.js';
