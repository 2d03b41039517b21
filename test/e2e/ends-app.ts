import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger, Module } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Counter } from '@opentelemetry/api';
import { InjectInstrument, OtelLogger, OtelModule, Span, provideCounter } from '@nestlens/otel';
import { ownTracer } from '../../libs/otel/src/late-bound/own-telemetry.js';

// A job that runs in a child process. It does one piece of work and ends in the way that its first argument
// names.
const [, , way = 'returns', endpoint = '', engine = 'nestlens'] = process.argv;
const entry = new URL('./source-worker.mjs', import.meta.url);
/** After these ends the loop gets no further turn, so only a worker can still send. */
const needsWorker = [
  'token too late',
  'exits',
  'exits in a shutdown',
  'throws',
  'rejects',
  'fails to start',
];
const worker = needsWorker.includes(way) ? { entry } : false;

/** A token function that takes longer than an attempt waits. Its timer keeps the process alive. */
const TOKEN_MS: Readonly<Record<string, number>> = { 'token late': 1500, 'token too late': 3000 };
let asked = 0;
const token = async (): Promise<Record<string, string>> => {
  asked += 1;
  await sleep(TOKEN_MS[way]);
  return { authorization: 'Bearer token' };
};
process.on('exit', () => console.log(`asked ${asked}`));

/** Resolves when the worker is running, because the spec tests an end, not a start. */
const works = async (): Promise<void> => {
  if (worker === false || way in TOKEN_MS) return;
  ownTracer().startSpan('first').end();
  await OtelModule.flush(100_000);
};

@Injectable()
class Job implements OnModuleInit {
  readonly #logger = new Logger('Job');

  constructor(@InjectInstrument('jobs') private readonly jobs: Counter) {}

  async onModuleInit(): Promise<void> {
    if (way === 'fails to start') {
      await works();
      this.run();
      throw new Error('cannot start');
    }
  }

  @Span()
  run(): void {
    this.jobs.add(1);
    this.#logger.log('ran');
  }
}

@Module({
  imports: [
    OtelModule.forRoot({
      service: { name: way },
      otlp: {
        protocol: 'http/protobuf',
        endpoint,
        ...(way in TOKEN_MS && { headers: token }),
        ...(engine === 'sdk' ? { engine: 'sdk' } : { worker }),
      },
      metrics: { intervalMs: 600_000 },
      shutdown: { exitMs: 20_000, flushMs: way === 'token too late' ? 50 : 60_000 },
      diagnostics: { startupReport: false },
    }),
  ],
  providers: [Job, provideCounter('jobs')],
})
class AppModule {
  constructor(@Inject(OtelLogger) logger: OtelLogger) {
    Logger.overrideLogger(logger);
  }
}

const app = await NestFactory.createApplicationContext(AppModule);
await works();
app.get(Job).run();
// This span is open when the process ends.
if (way !== 'returns' && !(way in TOKEN_MS)) ownTracer().startSpan('open');
const fail = async (): Promise<void> => {
  await sleep(1);
  throw new TypeError('crash');
};
switch (way) {
  case 'flushes': {
    const [flushed] = await OtelModule.flush(100_000);
    console.log(`flushed ${flushed?.kind} ${flushed?.telemetry.metrics.accepted}`);
    process.kill(process.pid, 'SIGKILL');
    break;
  }
  case 'exits':
    process.exit(3);
    break;
  case 'exits in a shutdown':
    void app.close();
    process.exit(3);
    break;
  case 'handles':
    process.on('uncaughtException', () => console.log('handled'));
    setTimeout(() => {
      throw new TypeError('crash');
    }, 1);
    break;
  case 'throws':
    setTimeout(() => {
      throw new TypeError('crash');
    }, 1);
    break;
  case 'rejects':
    void fail();
    break;
}
process.exitCode = 7;
