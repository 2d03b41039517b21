import type { Provider } from '@nestjs/common';
import { GrpcClientInstrumentation } from './grpc-client.instrumentation.js';
import { GrpcIntake } from './grpc-intake.js';
import { GrpcServerInstrumentation } from './grpc-server.instrumentation.js';

/** Needs `InFlight`, `Inventory`, `ShutdownPhases` and {@link RPC_SETTINGS}, in a global module. */
export const RPC_PROVIDERS: Provider[] = [
  GrpcIntake,
  GrpcServerInstrumentation,
  GrpcClientInstrumentation,
];
