// Sends a readiness probe to an app with indicators of @nestjs/terminus, and prints the answer. Its types are
// checked against the installed terminus.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthRegistry, OtelModule } from '@nestlens/otel';
import * as terminus from '@nestjs/terminus';

const { HealthIndicatorService, MemoryHealthIndicator, TerminusModule } = terminus;

class AppModule {
  name = 'terminus';
}
Module({
  imports: [
    OtelModule.forRoot({ diagnostics: { startupReport: false }, health: { details: 'always' } }),
    TerminusModule,
  ],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: false });
const health = app.get(HealthRegistry);
const memory = app.get(MemoryHealthIndicator);
const service = app.get(HealthIndicatorService);

/** @type {terminus.HealthIndicatorFunction} */
const asFunction = () => memory.checkHeap('heap', Number.MAX_SAFE_INTEGER);
const session = service.check('queue');

health.register({ name: 'heap', check: asFunction });
health.register({ name: 'full', check: () => memory.checkHeap('full', 1) });
health.register({ name: 'queue', worst: 'degraded', check: () => session.down({ waiting: 7 }) });
health.register({ name: 'up', check: () => session.up() });
// Terminus 12 has these methods.
const { degraded, attempt } = /** @type {Record<string, Function>} */ (
  /** @type {unknown} */ (session)
);
if (degraded && attempt) {
  health.register({ name: 'late', check: () => degraded.call(session, 'late') });
  health.register({ name: 'tried', check: () => attempt.call(session, async () => ({ rows: 1 })) });
}
// Terminus 11 has this class.
const { HealthCheckError } = /** @type {Record<string, any>} */ (terminus);
if (HealthCheckError) {
  const causes = { old: { status: 'down', lag: 3 } };
  const check = () => {
    throw new HealthCheckError('too old', causes);
  };
  health.register({ name: 'old', check });
}

await app.listen(0, '127.0.0.1');
const answer = await fetch(`${await app.getUrl()}/readyz`);
console.log(JSON.stringify(await answer.json()));
await app.close();
