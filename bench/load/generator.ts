// The load, in a process of its own: takes one order after the other from its parent, on loopback only.
import { closedLoop } from './closed-loop.ts';
import type { LoadResult } from './closed-loop.ts';
import { callsOf, grpcLoop } from './grpc-loop.ts';
import { openLoop } from './open-loop.ts';
import type { LatencyResult } from './open-loop.ts';
import { requestsOf } from './requests.ts';
import type { Traffic } from './requests.ts';

export type ToGenerator = Traffic &
  (
    | { readonly kind: 'closed'; readonly connections: number; readonly count: number }
    | {
        readonly kind: 'grpc';
        readonly path: string;
        readonly connections: number;
        readonly count: number;
      }
    | {
        readonly kind: 'open';
        readonly connections: number;
        readonly perSecond: number;
        readonly forMs: number;
        readonly warmMs: number;
      }
  );

export type FromGenerator = LoadResult | LatencyResult | { readonly error: string };

function run(order: ToGenerator): Promise<LoadResult | LatencyResult> {
  const { port, connections } = order;
  if (order.kind === 'grpc') {
    return grpcLoop(port, callsOf(order.path, order), connections, order.count);
  }
  const requests = requestsOf(order);
  return order.kind === 'closed'
    ? closedLoop(port, requests, connections, order.count)
    : openLoop(port, requests, connections, order);
}

process.on('message', (order: ToGenerator) => {
  run(order).then(
    (result) => process.send?.(result satisfies FromGenerator),
    (error: unknown) => process.send?.({ error: String(error) } satisfies FromGenerator),
  );
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
