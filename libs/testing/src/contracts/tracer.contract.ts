import { installContract } from './contract.js';
import type { ContractCase } from './contract.js';
import { limitCases } from './limit-cases.js';
import { processorCases } from './processor-cases.js';
import { samplerCases } from './sampler-cases.js';
import { spanCases } from './span-cases.js';
import { timeCases } from './time-cases.js';
import { TracerBench } from './tracer-bench.js';
import type { OnTracer, TracerProviderFactory } from './tracer-bench.js';
import { tracerCases } from './tracer-cases.js';
import { tracerMetricCases } from './tracer-metric-cases.js';

/**
 * The contract of a tracer provider that stands in the place of the SDK's: its tracers, spans, samplers, processors,
 * limits and metrics, by the specification and as processors of others know them.
 */
export const tracerContract = (name: string, create: TracerProviderFactory): void => {
  for (const [part, cases] of Object.entries(tracerContractCases(create))) {
    installContract(`${name}: ${part}`, cases);
  }
};

/** @internal The cases by themselves. */
export const tracerContractCases = (
  create: TracerProviderFactory,
): Readonly<Record<string, readonly ContractCase[]>> => {
  const on: OnTracer = (name, run, options = {}) => ({
    name,
    run: async () => {
      await run(new TracerBench(create, options));
    },
  });
  return {
    tracer: tracerCases(on),
    span: spanCases(on),
    times: timeCases(on),
    limits: limitCases(on),
    sampler: samplerCases(on),
    processors: processorCases(on),
    metrics: tracerMetricCases(on),
  };
};
