// The official NodeSDK as its documentation has it for ES modules, with the instrumentation that BENCH_INSTRUMENTATION
// lists. Processor, exporters, sampler and metric reader are its defaults, from OTEL_* variables.
import { register } from 'node:module';

register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);

const { trace } = await import('@opentelemetry/api');
const { NodeSDK } = await import('@opentelemetry/sdk-node');

const known = {
  http: async () => new (await import('@opentelemetry/instrumentation-http')).HttpInstrumentation(),
  express: async () =>
    new (await import('@opentelemetry/instrumentation-express')).ExpressInstrumentation(),
  nest: async () =>
    new (await import('@opentelemetry/instrumentation-nestjs-core')).NestInstrumentation(),
  fastify: async () =>
    new (await import('@fastify/otel')).default({ registerOnInitialization: true }),
  grpc: async () => new (await import('@opentelemetry/instrumentation-grpc')).GrpcInstrumentation(),
  undici: async () =>
    new (await import('@opentelemetry/instrumentation-undici')).UndiciInstrumentation(),
};

const names = (process.env.BENCH_INSTRUMENTATION ?? '').split(',').filter(Boolean);
const instrumentations = [];
for (const name of names) instrumentations.push(await known[name]());
new NodeSDK({ instrumentations }).start();

const provider = trace.getTracerProvider();
const flush = () => (provider.getDelegate?.() ?? provider).forceFlush();
Object.assign(globalThis, { [Symbol.for('nestlens.bench.flush')]: flush });
