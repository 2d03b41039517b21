import { checkDestination, destinationError } from '../transport/destination-check.js';
import { OtlpPipeline } from './otlp-pipeline.js';
import type { Pipeline } from './pipeline.js';
import { resolvePipelineOptions } from './pipeline-options.js';
import type { PipelineOptions, SendingOptions, SpawnWorker } from './pipeline-options.js';

/**
 * Throws TransportConfigError for a destination that can never work. Opens nothing before `start`. `spawn` starts the
 * worker where the options name no file of it; the entries of the package give it.
 */
export function createPipeline(options: PipelineOptions, spawn?: SpawnWorker): Pipeline {
  const resolved = resolvePipelineOptions(options, spawn);
  if (options.isChecked !== true) refuseFaulty(resolved.sending);
  return new OtlpPipeline(resolved);
}

function refuseFaulty({ destinations, pool }: SendingOptions): void {
  for (const to of destinations) {
    const [fault] = checkDestination(to, { pool }).faults;
    if (fault !== undefined) throw destinationError(fault, to.tls);
  }
}
