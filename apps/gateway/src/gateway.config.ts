import { Global, Module } from '@nestjs/common';

const HOST_AND_PORT = /^(\[[^\]\s]+\]|[^\s:/]+):\d{1,5}$/;

export class GatewayConfig {
  /** HTTP. `PORT`, default 3000. */
  readonly port: number;
  /** Where orders listens. `ORDERS_URL`, default 127.0.0.1:50051. */
  readonly ordersUrl: string;
  /** Where users listens. `USERS_URL`, default 127.0.0.1:50052. */
  readonly usersUrl: string;
  /** Where inventory listens. `INVENTORY_URL`, default 127.0.0.1:50053. */
  readonly inventoryUrl: string;

  /** Throws one message that lists every fault. */
  constructor(env: NodeJS.ProcessEnv) {
    this.port = Number(env.PORT ?? 3000);
    this.ordersUrl = env.ORDERS_URL ?? '127.0.0.1:50051';
    this.usersUrl = env.USERS_URL ?? '127.0.0.1:50052';
    this.inventoryUrl = env.INVENTORY_URL ?? '127.0.0.1:50053';

    const faults: string[] = [];
    if (!Number.isInteger(this.port) || this.port < 1 || this.port > 65_535) {
      faults.push(`PORT must be a port from 1 to 65535, not "${env.PORT}"`);
    }
    const addresses = {
      ORDERS_URL: this.ordersUrl,
      USERS_URL: this.usersUrl,
      INVENTORY_URL: this.inventoryUrl,
    };
    for (const [name, address] of Object.entries(addresses)) {
      if (!HOST_AND_PORT.test(address)) {
        faults.push(`${name} must look like host:port, not "${address}"`);
      }
    }
    if (faults.length > 0) {
      throw new Error(`gateway cannot start:\n- ${faults.join('\n- ')}`);
    }
  }
}

@Global()
@Module({
  providers: [{ provide: GatewayConfig, useFactory: () => new GatewayConfig(process.env) }],
  exports: [GatewayConfig],
})
export class GatewayConfigModule {}
