import { Global, Module } from '@nestjs/common';

const HOST_AND_PORT = /^(\[[^\]\s]+\]|[^\s:/]+):\d{1,5}$/;

export class PaymentsConfig {
  /** HTTP, for the probes. `PORT`, default 3004. */
  readonly port: number;
  /** Where gRPC listens. `GRPC_URL`, default 0.0.0.0:50054. */
  readonly grpcUrl: string;

  /** Throws one message that lists every fault. */
  constructor(env: NodeJS.ProcessEnv) {
    this.port = Number(env.PORT ?? 3004);
    this.grpcUrl = env.GRPC_URL ?? '0.0.0.0:50054';

    const faults: string[] = [];
    if (!Number.isInteger(this.port) || this.port < 1 || this.port > 65_535) {
      faults.push(`PORT must be a port from 1 to 65535, not "${env.PORT}"`);
    }
    if (!HOST_AND_PORT.test(this.grpcUrl)) {
      faults.push(`GRPC_URL must look like host:port, not "${this.grpcUrl}"`);
    }
    if (faults.length > 0) {
      throw new Error(`payments cannot start:\n- ${faults.join('\n- ')}`);
    }
  }
}

@Global()
@Module({
  providers: [{ provide: PaymentsConfig, useFactory: () => new PaymentsConfig(process.env) }],
  exports: [PaymentsConfig],
})
export class PaymentsConfigModule {}
