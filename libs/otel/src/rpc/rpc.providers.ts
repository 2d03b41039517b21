import type { Provider } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { GrpcClientInstrumentation } from './grpc-client.instrumentation.js';
import { GrpcServerInstrumentation } from './grpc-server.instrumentation.js';
import { RpcInterceptor } from './rpc.interceptor.js';

/** Needs `InFlight`, `Inventory`, `ShutdownPhases` and {@link RPC_SETTINGS}, in a global module. */
export const RPC_PROVIDERS: Provider[] = [
  GrpcServerInstrumentation,
  GrpcClientInstrumentation,
  { provide: APP_INTERCEPTOR, useClass: RpcInterceptor },
];
