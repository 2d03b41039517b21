import { Logger } from '@nestjs/common';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { AppTelemetry } from '../late-bound/app-telemetry.js';
import { globalProviders } from '../late-bound/globals.js';
import { ServiceState } from './service-state.js';
import { ShutdownPhases } from './shutdown-phases.js';
import { SHUTDOWN_SPAN } from './shutdown-record.js';
import { ShutdownSequence } from './shutdown-sequence.js';
import { resolveConfig } from '../options/resolve.js';

const running = () => {
  const exporter = new InMemorySpanExporter();
  const app = new AppTelemetry();
  const spanProcessors = [new SimpleSpanProcessor({ exporter })];
  globalProviders.join(app, { tracerProvider: new TracerProvider({ spanProcessors }) });
  return { app, names: () => exporter.getFinishedSpans().map(({ name }) => name) };
};

describe('the span of a shutdown', () => {
  beforeAll(() => Logger.overrideLogger(false));
  afterAll(() => Logger.overrideLogger(['log']));

  it('belongs to the app that ends, not to the oldest one', async () => {
    const [first, second] = [running(), running()];
    const settings = resolveConfig({ shutdown: { drainMs: 0, forceExitMs: 0 } }, {}).shutdown;
    const end = new ShutdownSequence(
      settings,
      new ShutdownPhases(),
      new ServiceState(),
      second.app,
    );
    await end.finish();
    expect([first.names(), second.names()]).toEqual([[], [SHUTDOWN_SPAN]]);
    globalProviders.leave(second.app);
    globalProviders.leave(first.app);
  });
});
