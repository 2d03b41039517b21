export { createPipeline } from './pipeline/pipeline.js';
export type { FlushResult, Pipeline, PipelineStats, ShutdownReport } from './pipeline/pipeline.js';
export type { DestinationOptions, PipelineOptions } from './pipeline/pipeline-options.js';
export type { SignalAccount } from './pipeline/account.js';
