import { credentials, loadPackageDefinition } from '@grpc/grpc-js';
import type { Client, ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Controller } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcMethod, Transport } from '@nestjs/microservices';
import type { GrpcOptions } from '@nestjs/microservices';
import type { OtelModuleOptions } from '@nestlens/otel';
import { EventEmitter, once } from 'node:events';
import { HEALTH_PROTO, portOf, PROTO } from '../../libs/otel/src/rpc/fixtures/shop.js';
import { rootModule } from './health-app.js';

@Controller()
class OrdersController {
  @GrpcMethod('Orders', 'Get')
  get(): object {
    return {};
  }
}

export const KINDS = ['microservice', 'hybrid'] as const;

export interface GrpcApp {
  readonly port: number;
  get<T>(token: Type<T>): T;
  close(): Promise<void>;
}

export interface GrpcAppParts {
  readonly kind?: (typeof KINDS)[number];
  readonly options?: Partial<GrpcOptions['options']>;
  readonly controllers?: Type[];
  /** Runs before the app listens. */
  readonly before?: (get: GrpcApp['get']) => void;
}

/** An app with a gRPC server that listens. It prints nothing. */
export async function startGrpcApp(
  otel: OtelModuleOptions,
  { kind = 'microservice', options, controllers = [], before }: GrpcAppParts = {},
): Promise<GrpcApp> {
  const root = rootModule(otel, { controllers: [OrdersController, ...controllers] });
  const grpc: GrpcOptions = {
    transport: Transport.GRPC,
    options: { url: '127.0.0.1:0', package: 'shop.v1', protoPath: PROTO, ...options },
  };
  if (kind === 'microservice') {
    const app = await NestFactory.createMicroservice(root, { ...grpc, logger: false });
    const get = <T>(token: Type<T>): T => app.get(token);
    before?.(get);
    await app.listen();
    return { port: portOf(Reflect.get(app, 'serverInstance')), get, close: () => app.close() };
  }
  const app = await NestFactory.create(root, { logger: false });
  const server = app.connectMicroservice(grpc);
  const get = <T>(token: Type<T>): T => app.get(token);
  before?.(get);
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  return { port: portOf(Reflect.get(server, 'serverInstance')), get, close: () => app.close() };
}

type Reply<T> = (error: ServiceError | null, value?: T) => void;
type HealthCalls = Client & {
  Check(request: { service: string }, reply: Reply<{ status: number }>): void;
  Watch(request: { service: string }): ClientReadableStream<{ status: number }>;
  List(request: object, reply: Reply<{ statuses: Record<string, { status: number }> }>): void;
};

const loaded = loadPackageDefinition(loadSync(HEALTH_PROTO)) as unknown as {
  grpc: { health: { v1: { Health: new (...args: unknown[]) => HealthCalls } } };
};

const STATUS = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;
const nameOf = ({ status }: { status: number }): string => STATUS[status] ?? `status ${status}`;

/** What a Watch has told so far, as an iterable: the statuses, and the code with which it ended. */
export interface Watching {
  next(): Promise<string>;
  cancel(): void;
}

/** A client of grpc-js for the health service, without anything of ours. */
export class HealthClient {
  readonly #client: HealthCalls;

  constructor(port: number) {
    this.#client = new loaded.grpc.health.v1.Health(
      `127.0.0.1:${port}`,
      credentials.createInsecure(),
      { 'grpc.enable_retries': 0 },
    );
  }

  check(service: string): Promise<string> {
    return new Promise((resolve) => {
      this.#client.Check({ service }, (error, value) =>
        resolve(value ? nameOf(value) : `code ${error!.code}`),
      );
    });
  }

  list(): Promise<Record<string, string> | string> {
    return new Promise((resolve) => {
      this.#client.List({}, (error, value) =>
        resolve(
          value
            ? Object.fromEntries(
                Object.entries(value.statuses).map(([name, status]) => [name, nameOf(status)]),
              )
            : `code ${error!.code}`,
        ),
      );
    });
  }

  watch(service: string): Watching {
    const told: string[] = [];
    const heard = new EventEmitter();
    const stream = this.#client.Watch({ service });
    const tell = (what: string): void => {
      told.push(what);
      heard.emit('told');
    };
    stream.on('data', (value: { status: number }) => tell(nameOf(value)));
    // Told with the status.
    stream.on('error', () => undefined);
    stream.on('status', ({ code }) => tell(`code ${code}`));
    return {
      async next() {
        while (told.length === 0) await once(heard, 'told');
        return told.shift()!;
      },
      cancel: () => stream.cancel(),
    };
  }

  close(): void {
    this.#client.close();
  }
}
