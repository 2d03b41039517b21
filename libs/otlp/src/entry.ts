/**
 * OTLP for Node: the export pipeline.
 *
 * @module @nestlens/otlp
 */

import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { WorkerOptions } from 'node:worker_threads';
import { pathToFileURL } from 'node:url';
import { createPipeline as createOn } from './pipeline/create-pipeline.js';
import type { Pipeline } from './pipeline/pipeline.js';
import type { PipelineOptions } from './pipeline/pipeline-options.js';

export * from './index.js';

/** There is none in an ES module; in a bundle of CommonJS there is one, and no `import.meta.url`. */
declare const __filename: string | undefined;

function besideBundle(): URL | undefined {
  if (typeof __filename !== 'string') return undefined;
  const file = new URL('nestlens-otlp-worker.js', pathToFileURL(__filename));
  return existsSync(file) ? file : undefined;
}

function spawn(options: WorkerOptions): Worker {
  const file = besideBundle();
  if (file !== undefined) return new Worker(file, options);
  // Written out: webpack and rspack know the worker by this expression, and emit its file.
  return new Worker(new URL('./nestlens-otlp-worker.js', import.meta.url), options);
}

/** Throws TransportConfigError for a destination that can never work. Opens nothing before `start`. */
export function createPipeline(options: PipelineOptions): Pipeline {
  return createOn(options, spawn);
}
