import { APP_INTERCEPTOR } from '@nestjs/core';
import type { Provider } from '@nestjs/common';
import { GrpcClientInstrumentation } from './grpc-client.instrumentation.js';
import { GrpcServerInstrumentation } from './grpc-server.instrumentation.js';
import { RpcInterceptor } from './rpc.interceptor.js';

/** Needs `RPC_SETTINGS`, `Inventory` and the lifecycle room. */
export const RPC_PROVIDERS: Provider[] = [
  GrpcServerInstrumentation,
  GrpcClientInstrumentation,
  { provide: APP_INTERCEPTOR, useClass: RpcInterceptor },
];
