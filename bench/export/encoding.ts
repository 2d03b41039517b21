import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { createSpanEncoder } from '../../libs/otlp/dist/encode/item-encoder.js';
import { medianOf } from '../figures/statistics.ts';
import type { Measured } from './trial.ts';
import { readySpans } from './workload.ts';

const BATCH = 512;
const WARM_TURNS = 60;
const TURNS = 60;

/**
 * Divides the time to encode one batch by the time that the official serializer takes for it right afterwards.
 */
export async function encoding(fresh: number): Promise<Measured> {
  const spans = readySpans(fresh);
  const encoder = createSpanEncoder();
  const slab = new Uint8Array(1024 * 1024);
  let next = 0;
  const ratio = (): number => {
    const batch = spans.slice(next, next + BATCH);
    next = next + 2 * BATCH > spans.length ? 0 : next + BATCH;
    const ours = timeOf(() => {
      encoder.open(slab, 0);
      for (const span of batch) encoder.append(span);
      encoder.close();
    });
    return ours / timeOf(() => ProtobufTraceSerializer.serializeRequest(batch));
  };
  for (let turn = 0; turn < WARM_TURNS; turn += 1) ratio();
  return { ratio: medianOf(Array.from({ length: TURNS }, ratio)) };
}

function timeOf(run: () => unknown): number {
  const startedAt = performance.now();
  run();
  return performance.now() - startedAt;
}
