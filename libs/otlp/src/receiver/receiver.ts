import { createGrpcEndpoint } from './grpc-endpoint.js';
import { createHttpEndpoint } from './http-endpoint.js';
import { ExportService } from './export-service.js';
import { receiverLimits } from './receiver-limits.js';
import type { OtlpReceiverOptions, ReceiverStats } from './receiver-options.js';

/** A port is 0 if its endpoint is off. */
export interface ReceiverPorts {
  readonly grpcPort: number;
  readonly httpPort: number;
}

/** A receiver of OTLP, as `createOtlpReceiver` gives it. */
export interface OtlpReceiver {
  /**
   * Opens the ports. A second call returns the same promise. Rejects with the error of node:net, and then no port is
   * open.
   */
  start(): Promise<ReceiverPorts>;
  /**
   * Stops listening, gives requests in flight up to 1 s for their answer, or until `signal` aborts, then cuts every
   * connection. Safe before start and twice. It cannot be started again.
   */
  close(signal?: AbortSignal): Promise<void>;
  /** Counts since the receiver was made. */
  stats(): ReceiverStats;
}

/** An OTLP endpoint: gRPC on one port, HTTP with protobuf and JSON on another. Nothing is open before `start`. */
export function createOtlpReceiver(options: OtlpReceiverOptions): OtlpReceiver {
  const host = options.host ?? '127.0.0.1';
  const { grpcPort = 4317, httpPort = 4318, allowedHosts = [] } = options;
  const service = new ExportService(options, receiverLimits(options.limits));
  const names = [host, ...allowedHosts].map((name) => name.toLowerCase());
  const grpc = grpcPort === false ? undefined : createGrpcEndpoint(service);
  const http = httpPort === false ? undefined : createHttpEndpoint(service, names);
  let started: Promise<ReceiverPorts> | undefined;
  let closed: Promise<void> | undefined;

  async function open(): Promise<ReceiverPorts> {
    const opened = await Promise.allSettled([
      grpc?.listen(grpcPort || 0, host) ?? 0,
      http?.listen(httpPort || 0, host) ?? 0,
    ]);
    const [first, second] = opened;
    if (first.status === 'fulfilled' && second.status === 'fulfilled') {
      return { grpcPort: first.value, httpPort: second.value };
    }
    await shut();
    throw first.status === 'rejected' ? first.reason : (second as PromiseRejectedResult).reason;
  }

  async function shut(signal?: AbortSignal): Promise<void> {
    await Promise.all([grpc?.close(signal), http?.close(signal)]);
  }

  return {
    start() {
      if (closed !== undefined) return Promise.reject(new Error('the OTLP receiver is closed'));
      return (started ??= open());
    },
    close(signal) {
      return (closed ??= (async () => {
        await started?.catch(() => {});
        await shut(signal);
      })());
    },
    stats: () => ({
      connections: (grpc?.connections() ?? 0) + (http?.connections() ?? 0),
      heldBytes: service.held.held,
      ...service.counts,
    }),
  };
}
