import { NestFactory } from '@nestjs/core';
import { OtelLogger } from '@nestlens/otel';
import { GatewayConfig } from './gateway.config.js';
import { GatewayModule } from './gateway.module.js';

const app = await NestFactory.create(GatewayModule, { bufferLogs: true });
app.useLogger(app.get(OtelLogger));
app.enableShutdownHooks(['SIGTERM', 'SIGINT']);

await app.listen(app.get(GatewayConfig).port);
