import { DEFAULT_ENCODE_LIMITS } from '@nestlens/otlp';
import { resolvePipelineOptions } from '../../../otlp/src/pipeline/pipeline-options.js';
import { resolvePoolOptions } from '../../../otlp/src/pool/pool-options.js';
import { OTLP_OPTIONS } from './otlp-table.js';
import { SHUTDOWN_OPTIONS } from './room-tables.js';
import { TRACES_OPTIONS } from './signal-tables.js';

/** The module passes on only options that are set, so the pipeline's own defaults apply. The tables document them. */
describe('defaults of the pipeline', () => {
  const { keys: otlp } = OTLP_OPTIONS;

  it('are those of the option table, for the pool', () => {
    const { pool } = otlp;
    const told = Object.entries(pool.keys).map(([key, option]) => [key, option.default]);
    expect(resolvePoolOptions({})).toMatchObject(Object.fromEntries(told) as object);
  });

  it('are those of the option table, for memory, worker and concurrency', () => {
    const resolved = resolvePipelineOptions({});
    expect(resolved).toMatchObject({
      maxBytes: otlp.maxBytes.default,
      dropPolicy: otlp.dropPolicy.default,
      exitTimeoutMs: SHUTDOWN_OPTIONS.keys.exitMs.default,
    });
    expect(resolved.worker !== false).toBe(otlp.worker.default);
    expect(otlp.concurrency.defaultText).toContain(`${resolved.sending.concurrency.max} (`);
  });

  it('are those of the option table, for the length of a value', () => {
    const { attributeValueLength } = TRACES_OPTIONS.keys.limits.keys;
    expect(attributeValueLength.defaultText).toContain(`${DEFAULT_ENCODE_LIMITS.valueLength} (`);
  });
});
