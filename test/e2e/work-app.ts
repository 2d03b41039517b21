import 'reflect-metadata';
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { Controller, Get, Logger, Module } from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import { OtelLogger, OtelModule } from '@nestlens/otel';
import type { OtelModuleOptions } from '@nestlens/otel';
import { OTEL_ENGINE } from '../../libs/otel/src/engine/engine.js';
import { OTEL_CONFIG } from '../../libs/otel/src/options/otel.config.js';

// A service that runs in a child process. Its first argument has the options of OtelModule as JSON, in which `{
// "$ask": "x" }` stands for a function that returns "x". It prints its port.
const [, , json = '{}'] = process.argv;
const options = JSON.parse(json, (_, value: unknown) => {
  const asked = (value as { $ask?: unknown } | null)?.$ask;
  return asked === undefined ? value : () => asked;
}) as OtelModuleOptions;

@Controller()
class WorkController {
  readonly #logger = new Logger('Work');

  @Get('jobs/:id')
  async work(): Promise<string> {
    await sleep(5);
    this.#logger.debug('worked');
    return 'done';
  }

  /** Returns the text of inspecting the parts of a service: all providers of Nest, and the app itself. */
  @Get('inspected')
  inspected(): string {
    const modules = [...app.get(ModulesContainer).values()];
    const made = modules.flatMap(({ providers }) => [...providers.values()]);
    const parts = [OtelModule, OTEL_CONFIG, OTEL_ENGINE].map((token) =>
      app.get<unknown>(token, { strict: false }),
    );
    return [
      inspect(parts, { depth: null, showHidden: true }),
      JSON.stringify(app.get(OTEL_CONFIG, { strict: false })),
      inspect(
        made.map(({ token, instance }) => [token, instance]),
        { depth: 5 },
      ),
      inspect(app, { depth: 5 }),
    ].join('\n');
  }
}

@Module({
  imports: [OtelModule.forRoot(options)],
  controllers: [WorkController],
})
class WorkModule {}

const app = await NestFactory.create(WorkModule, { bufferLogs: true });
app.useLogger(app.get(OtelLogger));
app.enableShutdownHooks(['SIGTERM', 'SIGINT']);
await app.listen(0, '127.0.0.1');
writeSync(1, `port ${(app.getHttpServer() as { address(): { port: number } }).address().port}\n`);
