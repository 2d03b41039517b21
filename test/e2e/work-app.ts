import 'reflect-metadata';
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OtelLogger, OtelModule } from '@nestlens/otel';
import type { OtelModuleOptions } from '@nestlens/otel';

// A service for a child process, with the options of OtelModule as JSON in its first argument. It says its port.
const [, , options = '{}'] = process.argv;

@Controller()
class WorkController {
  readonly #logger = new Logger('Work');

  @Get('jobs/:id')
  async work(): Promise<string> {
    await sleep(5);
    this.#logger.debug('worked');
    return 'done';
  }
}

@Module({
  imports: [OtelModule.forRoot(JSON.parse(options) as OtelModuleOptions)],
  controllers: [WorkController],
})
class WorkModule {}

const app = await NestFactory.create(WorkModule, { bufferLogs: true });
app.useLogger(app.get(OtelLogger));
app.enableShutdownHooks(['SIGTERM', 'SIGINT']);
await app.listen(0, '127.0.0.1');
writeSync(1, `port ${(app.getHttpServer() as { address(): { port: number } }).address().port}\n`);
