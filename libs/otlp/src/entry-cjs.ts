import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { createPipeline as createOn } from './pipeline/create-pipeline.js';
import type { Pipeline } from './pipeline/pipeline.js';
import type { PipelineOptions } from './pipeline/pipeline-options.js';

export * from './index.js';

/** Throws TransportConfigError for a destination that can never work. Opens nothing before `start`. */
export function createPipeline(options: PipelineOptions): Pipeline {
  return createOn(
    options,
    (given) => new Worker(join(__dirname, 'nestlens-otlp-worker.js'), given),
  );
}
