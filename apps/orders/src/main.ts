import { NestFactory } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';
import type { GrpcOptions } from '@nestjs/microservices';
import { OtelLogger } from '@nestlens/otel';
import { contract } from '@nestlens/protos';
import { OrdersConfig } from './orders.config.js';
import { OrdersModule } from './orders.module.js';

const app = await NestFactory.create(OrdersModule, { bufferLogs: true });
app.useLogger(app.get(OtelLogger));
app.enableShutdownHooks(['SIGTERM', 'SIGINT']);

const config = app.get(OrdersConfig);
app.connectMicroservice<GrpcOptions>(
  {
    transport: Transport.GRPC,
    options: { ...contract('orders'), url: config.grpcUrl, gracefulShutdown: true },
  },
  { inheritAppConfig: true },
);

// The migrations run first, then calls are taken, then the probes say so.
await app.init();
await app.startAllMicroservices();
await app.listen(config.port);
