import { Worker } from 'node:worker_threads';
import type { WorkerOptions } from 'node:worker_threads';
import { pathToFileURL } from 'node:url';
import { createPipeline as createOn } from './pipeline/pipeline.js';
import type { Pipeline } from './pipeline/pipeline.js';
import type { PipelineOptions } from './pipeline/pipeline-options.js';

export * from './index.js';

/** What a bundler that writes CommonJS makes of this file has a file name and no `import.meta.url`. */
declare const __filename: string | undefined;

/** Written out here: webpack and rspack find the worker by this expression, and emit its file. */
const spawn = (options: WorkerOptions): Worker => {
  if ((import.meta as { url?: string }).url === undefined && typeof __filename === 'string') {
    return new Worker(new URL('nestlens-otlp-worker.js', pathToFileURL(__filename)), options);
  }
  return new Worker(new URL('./nestlens-otlp-worker.js', import.meta.url), options);
};

/** Throws TransportConfigError for a destination that can never work. Opens nothing before `start`. */
export const createPipeline = (options: PipelineOptions): Pipeline => createOn(options, spawn);
