import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ScriptedOtlpServer, useLeakCheck } from '@nestlens/testing';
import { root } from '../house/tree.js';

const exec = promisify(execFile);

/** A CommonJS app, which loads the API as CommonJS, and this package as ES modules if Node provides those. */
const APP = `
const { logs, trace } = require('@opentelemetry/api');
const old = require('api-1.9');
const tracer = trace.getTracer('early');
const oldTracer = old.trace.getTracer('early, through 1.9');
const logger = logs.getLogger('early');
const { NestFactory } = require('@nestjs/core');
const { OtelModule } = require('@nestlens/otel');
class AppModule {}
const run = async () => {
  const imports = [OtelModule.forRoot({ service: { name: 'orders' } })];
  const app = await NestFactory.createApplicationContext({ module: AppModule, imports }, { logger: false });
  tracer.startSpan('by an early tracer').end();
  oldTracer.startSpan('by an early tracer of 1.9').end();
  logger.emit({ body: 'by an early logger' });
  await app.close();
};
run();
`;

describe('a CommonJS app', () => {
  useLeakCheck();

  it('exports spans and records of tracers and loggers that it got before it loaded the package', async () => {
    await using server = await ScriptedOtlpServer.start();
    const env = { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: server.grpcUrl };
    await exec(process.execPath, ['--input-type=commonjs', '-e', APP], { cwd: root, env });
    const names = server.spans().map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['by an early tracer', 'by an early tracer of 1.9']),
    );
    expect(server.logRecords().map(({ body }) => body)).toContain('by an early logger');
  });
});
