import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Controller, Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { GrpcMethod, Transport } from '@nestjs/microservices';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { from } from 'rxjs';
import type { Observable } from 'rxjs';

interface Order {
  readonly id: string;
  readonly status: string;
  readonly total: number;
}

const STATES = ['placed', 'paid', 'sent', 'delivered'];

@Controller()
export class GrpcOrdersController {
  @GrpcMethod('Orders', 'Get')
  async get({ id }: { id: string }): Promise<Order> {
    return { id, status: 'placed', total: 4200 };
  }

  @GrpcMethod('Orders', 'Watch')
  watch({ id }: { id: string }): Observable<Order> {
    return from(STATES.map((status) => ({ id, status, total: 4200 })));
  }
}

@Module({ controllers: [GrpcOrdersController] })
export class GrpcModule {}

/** grpc-js does not tell on which port it listens, so it needs one that is free. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Makes the app answer over gRPC too. Returns the port. */
export async function connectGrpc(app: INestApplication): Promise<number> {
  const port = await freePort();
  app.connectMicroservice<MicroserviceOptions>(
    {
      transport: Transport.GRPC,
      options: {
        url: `127.0.0.1:${port}`,
        package: 'bench.v1',
        protoPath: fileURLToPath(new URL('orders.proto', import.meta.url)),
      },
    },
    { inheritAppConfig: true },
  );
  await app.startAllMicroservices();
  return port;
}
