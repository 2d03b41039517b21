import 'reflect-metadata';
import { writeSync } from 'node:fs';
import { Controller, Get } from '@nestjs/common';
import { ShutdownService } from '@nestlens/otel';
import { FLUSH_STEPS, ShutdownPhases } from '../../libs/otel/src/lifecycle/shutdown-phases.js';
import { createApp, portOf } from './health-app.js';
import type { Platform } from './health-app.js';

// A service that runs in a child process. It prints each event as a line, and its port when it listens.
// Usage: shutdown-app.ts <platform> <fault>
const [platform = 'express', fault = 'none'] = process.argv.slice(2);
const say = (line: string): void => void writeSync(1, `${line}\n`);

@Controller()
class WorkController {
  @Get('slow')
  async slow(): Promise<string> {
    say('request begun');
    await new Promise((resolve) => setTimeout(resolve, 150));
    say('request ended');
    return 'done';
  }
}

const hooks = {
  onModuleDestroy: () => {
    say('onModuleDestroy');
    return fault === 'hook hangs' ? new Promise(() => {}) : undefined;
  },
  beforeApplicationShutdown: () => say('beforeApplicationShutdown'),
  onApplicationShutdown: (signal?: string) => say(`onApplicationShutdown ${signal}`),
};

const app = await createApp(
  platform as Platform,
  {
    health: { port: fault === 'hook hangs' ? undefined : 0, host: '127.0.0.1' },
    shutdown: { drainMs: 20, hooksMs: 100, forceExitMs: fault === 'hook hangs' ? 50 : 0 },
  },
  { controllers: [WorkController], providers: [{ provide: 'HOOKS', useValue: hooks }] },
);
const shutdown = app.get(ShutdownService);
for (const phase of ['readiness-off', 'drain', 'stop-intake', 'in-flight', 'exit'] as const) {
  shutdown.register(phase, phase, () => say(phase));
}
const phases = app.get(ShutdownPhases);
phases.register('flush', 'signals', () => say('signals sent'), FLUSH_STEPS.signals);
phases.register('flush', 'metrics', () => say('metrics sent'), FLUSH_STEPS.metrics);
if (fault === 'server fails to close') {
  const adapter = app.getHttpAdapter() as { close(): unknown };
  adapter.close = () => Promise.reject(new Error('cannot close'));
}
if (fault === 'hook hangs') setInterval(() => {}, 1000);
app.enableShutdownHooks(['SIGTERM', 'SIGINT']);
await app.listen(0, '127.0.0.1');
say(`port ${portOf(app)}`);
