import type { Rig } from '../subjects/rig.ts';
import type { Server } from '../subjects/server.ts';

/** Of a real service: half of its requests come from a caller that has a trace. */
export const TRACED = 0.5;
export const CONNECTIONS = 32;

export interface Load {
  /** Share of the traces that are sampled, 0 to 1. */
  readonly ratio: number;
  readonly requests: number;
}

/** What a server is made to do, so many times. */
export interface Workload {
  /** What the sink has once for each time: a span of kind SERVER, or any span. */
  readonly counts: 'servers' | 'spans';
  /** Of the servers. */
  readonly env: NodeJS.ProcessEnv;
  run(rig: Rig, server: Server, load: Load): Promise<unknown>;
}

/** Requests for an order, from the load generator. */
export const httpRequests = (env: NodeJS.ProcessEnv = {}): Workload => ({
  counts: 'servers',
  env,
  run: (rig, { port }, { ratio, requests }) =>
    rig.generator.closed({
      port,
      connections: CONNECTIONS,
      count: requests,
      traced: TRACED,
      sampled: ratio,
    }),
});

/** Calls of an order's service over gRPC, from the load generator. */
export const grpcCalls = (path: string): Workload => ({
  counts: 'servers',
  env: { BENCH_GRPC: 'true' },
  run: (rig, { grpcPort }, { ratio, requests }) =>
    rig.generator.grpc({
      port: grpcPort,
      path,
      connections: CONNECTIONS,
      count: requests,
      traced: TRACED,
      sampled: ratio,
    }),
});

/** What the server does by itself: see `subjects/app/work.ts`. */
export const ownWork = (work: 'span' | 'fetch'): Workload => ({
  counts: 'spans',
  env: {},
  run: (rig, server, { requests }) => server.work(work, requests, rig.sink.httpPort),
});
