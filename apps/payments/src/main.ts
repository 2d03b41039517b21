import { NestFactory } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';
import type { GrpcOptions } from '@nestjs/microservices';
import { OtelLogger } from '@nestlens/otel';
import { contract } from '@nestlens/protos';
import { PaymentsConfig } from './payments.config.js';
import { PaymentsModule } from './payments.module.js';

const app = await NestFactory.create(PaymentsModule, { bufferLogs: true });
app.useLogger(app.get(OtelLogger));
app.enableShutdownHooks(['SIGTERM', 'SIGINT']);

const config = app.get(PaymentsConfig);
app.connectMicroservice<GrpcOptions>(
  {
    transport: Transport.GRPC,
    options: { ...contract('payments'), url: config.grpcUrl, gracefulShutdown: true },
  },
  { inheritAppConfig: true },
);

// Calls are taken before the probes say so.
await app.init();
await app.startAllMicroservices();
await app.listen(config.port);
