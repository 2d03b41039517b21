import 'reflect-metadata';
import { earlyTracer } from './early.js';
import { trace } from '@opentelemetry/api';
import { Controller, Get, Logger, Module, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OtelLogger, OtelModule, Span } from '@nestlens/otel';

@Controller('hello')
class HelloController {
  readonly #logger = new Logger(HelloController.name);

  @Get(':name')
  hello(@Param('name') name: string): string {
    this.#logger.log(`hello ${name}`);
    return this.greet(name);
  }

  @Span('greet')
  greet(name: string): string {
    earlyTracer.startSpan('early').end();
    return trace.getTracer('app').startActiveSpan('own', (span) => {
      span.end();
      return `hello ${name}`;
    });
  }
}

@Module({ imports: [OtelModule.forRoot()], controllers: [HelloController] })
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { bufferLogs: true });
  app.useLogger(app.get(OtelLogger));
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  console.log(`listening on ${await app.getUrl()}`);
}

void main();
