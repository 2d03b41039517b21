import { Global, Module } from '@nestjs/common';

const HOST_AND_PORT = /^(\[[^\]\s]+\]|[^\s:/]+):\d{1,5}$/;

export class OrdersConfig {
  /** HTTP, for the probes. `PORT`, default 3001. */
  readonly port: number;
  /** Where gRPC listens. `GRPC_URL`, default 0.0.0.0:50051. */
  readonly grpcUrl: string;
  /** `DATABASE_URL`, required. */
  readonly databaseUrl: string;
  /** Where users listens. `USERS_URL`, default 127.0.0.1:50052. */
  readonly usersUrl: string;
  /** Where inventory listens. `INVENTORY_URL`, default 127.0.0.1:50053. */
  readonly inventoryUrl: string;
  /** Where payments listens. `PAYMENTS_URL`, default 127.0.0.1:50054. */
  readonly paymentsUrl: string;

  /** Throws one message that lists every fault. */
  constructor(env: NodeJS.ProcessEnv) {
    this.port = Number(env.PORT ?? 3001);
    this.grpcUrl = env.GRPC_URL ?? '0.0.0.0:50051';
    this.databaseUrl = env.DATABASE_URL ?? '';
    this.usersUrl = env.USERS_URL ?? '127.0.0.1:50052';
    this.inventoryUrl = env.INVENTORY_URL ?? '127.0.0.1:50053';
    this.paymentsUrl = env.PAYMENTS_URL ?? '127.0.0.1:50054';

    const faults: string[] = [];
    if (!Number.isInteger(this.port) || this.port < 1 || this.port > 65_535) {
      faults.push(`PORT must be a port from 1 to 65535, not "${env.PORT}"`);
    }
    const addresses = {
      GRPC_URL: this.grpcUrl,
      USERS_URL: this.usersUrl,
      INVENTORY_URL: this.inventoryUrl,
      PAYMENTS_URL: this.paymentsUrl,
    };
    for (const [name, address] of Object.entries(addresses)) {
      if (!HOST_AND_PORT.test(address)) {
        faults.push(`${name} must look like host:port, not "${address}"`);
      }
    }
    if (!URL.canParse(this.databaseUrl)) {
      // Not shown: it may hold a password.
      faults.push('DATABASE_URL must look like postgres://user:password@host:5432/orders');
    }
    if (faults.length > 0) {
      throw new Error(`orders cannot start:\n- ${faults.join('\n- ')}`);
    }
  }
}

@Global()
@Module({
  providers: [{ provide: OrdersConfig, useFactory: () => new OrdersConfig(process.env) }],
  exports: [OrdersConfig],
})
export class OrdersConfigModule {}
