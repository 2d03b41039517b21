import { createHook } from 'node:async_hooks';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { resolveConfig } from '../options/resolve.js';
import { createNestlensEngine } from './nestlens-engine.js';

const threadsStarted = async (
  exporters: readonly ('otlp' | 'none')[],
  spans = 1,
): Promise<number> => {
  let threads = 0;
  const hook = createHook({
    init(_id, type) {
      if (type === 'WORKER') threads++;
    },
  }).enable();
  const signal = { exporters: [...exporters] };
  const config = resolveConfig(
    { otlp: { endpoint: 'http://127.0.0.1:9' }, traces: signal, metrics: signal, logs: signal },
    {},
  );
  // This worker ends at once, but the hook still counts its thread.
  const engine = createNestlensEngine(config, {
    worker: { entry: new URL('data:text/javascript,0') },
  });
  const { spanProcessor } = engine;
  const provider = new TracerProvider({ spanProcessors: spanProcessor ? [spanProcessor] : [] });
  for (let span = 0; span < spans; span++) provider.getTracer('spec').startSpan('one').end();
  await engine.flush(AbortSignal.abort());
  await engine.shutdown(AbortSignal.abort());
  hook.disable();
  return threads;
};

describe('the engine nestlens', () => {
  it('starts no thread if no signal is exported', async () => {
    expect(await threadsStarted(['otlp'])).toBeGreaterThan(0);
    expect(await threadsStarted(['none'])).toBe(0);
    expect(await threadsStarted([])).toBe(0);
  });

  it('starts no thread if there is nothing to send', async () => {
    expect(await threadsStarted(['otlp'], 0)).toBe(0);
  });
});
