import { Global, Module } from '@nestjs/common';

const HOST_AND_PORT = /^(\[[^\]\s]+\]|[^\s:/]+):\d{1,5}$/;

export class InventoryConfig {
  /** HTTP, for the probes. `PORT`, default 3003. */
  readonly port: number;
  /** Where gRPC listens. `GRPC_URL`, default 0.0.0.0:50053. */
  readonly grpcUrl: string;
  /** `DATABASE_URL`, required. */
  readonly databaseUrl: string;

  /** Throws one message that lists every fault. */
  constructor(env: NodeJS.ProcessEnv) {
    this.port = Number(env.PORT ?? 3003);
    this.grpcUrl = env.GRPC_URL ?? '0.0.0.0:50053';
    this.databaseUrl = env.DATABASE_URL ?? '';

    const faults: string[] = [];
    if (!Number.isInteger(this.port) || this.port < 1 || this.port > 65_535) {
      faults.push(`PORT must be a port from 1 to 65535, not "${env.PORT}"`);
    }
    if (!HOST_AND_PORT.test(this.grpcUrl)) {
      faults.push(`GRPC_URL must look like host:port, not "${this.grpcUrl}"`);
    }
    if (!URL.canParse(this.databaseUrl)) {
      // Not shown: it may hold a password.
      faults.push('DATABASE_URL must look like postgres://user:password@host:5432/inventory');
    }
    if (faults.length > 0) {
      throw new Error(`inventory cannot start:\n- ${faults.join('\n- ')}`);
    }
  }
}

@Global()
@Module({
  providers: [{ provide: InventoryConfig, useFactory: () => new InventoryConfig(process.env) }],
  exports: [InventoryConfig],
})
export class InventoryConfigModule {}
