import { TracerProvider } from '@opentelemetry/sdk-trace';
import { exceptionAttributes } from '../exceptions/exception.js';
import { tracerContract } from '@nestlens/testing/contracts';
import { NestlensTracerProvider } from './nestlens-tracer-provider.js';

tracerContract('sdk', (options) => new TracerProvider(options));
tracerContract(
  'nestlens',
  (options) => new NestlensTracerProvider({ ...options, exceptionAttributes }),
);
