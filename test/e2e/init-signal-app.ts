import 'reflect-metadata';
import { Logger, Module } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OtelModule } from '@nestlens/otel';

// A service in a child process that gets SIGTERM while it initialises, and never listens.

@Module({
  imports: [
    OtelModule.forRoot({
      traces: { exporters: ['none'] },
      metrics: { exporters: ['none'] },
      logs: { exporters: ['none'] },
      shutdown: { drainMs: 0 },
    }),
  ],
})
class Root implements OnModuleInit {
  async onModuleInit(): Promise<void> {
    new Logger('Root').log('waits for a database');
    process.kill(process.pid, 'SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 2 ** 30));
  }
}

const app = await NestFactory.create(Root, { bufferLogs: true });
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
