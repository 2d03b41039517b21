// Runs the pipeline's worker from source, for services that run from source.
import './typescript.mjs';

await import('../../libs/otlp/src/pipeline/worker.ts');
