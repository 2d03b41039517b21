import { certificateMetrics } from '../ledger/certificate-metrics.js';
import { exporterMetrics } from '../ledger/exporter-metrics.js';
import type { Ledger } from '../ledger/ledger.js';
import { liveSpanMetrics } from '../ledger/live-spans.js';
import type { LiveSpans } from '../ledger/live-spans.js';
import { pipelineMetrics } from '../ledger/pipeline-metrics.js';
import { processorMetrics } from '../ledger/processor-metrics.js';
import { truncationMetrics } from './truncation.js';
import type { Truncations } from './truncation.js';
import { endpointOf } from './pipeline-options.js';
import type { Destination, ResolvedPipelineOptions } from './pipeline-options.js';
import type { FromWorker, ExporterState } from './worker-messages.js';

interface Measured {
  readonly ledger: Ledger;
  readonly live: LiveSpans;
  readonly exporters: () => readonly ExporterState[];
  readonly truncated: () => Truncations;
}

/** All that a pipeline measures of itself; without a meter nothing is made. */
export function createSelfMetrics(
  { meter, selfMetrics: level, sending }: ResolvedPipelineOptions,
  { ledger, live, exporters, truncated }: Measured,
) {
  const { destinations } = sending;
  const processed = (['traces', 'logs'] as const).filter((signal) =>
    destinations.some((destination) => destination.signal === signal),
  );
  // In the order of `Exporters.all`.
  const peers = [...new Set(destinations.map(({ peer }) => peer))].map((peer) =>
    destinations.filter((destination) => destination.peer === peer),
  );
  const perExporter = peers.map((to) =>
    exporterMetrics(meter, { protocol: to[0]!.protocol, ...addressOf(to[0]!) }, level),
  );
  const stopProcessors = processorMetrics(meter, { ledger, level, signals: processed });
  const stopPipeline = pipelineMetrics(meter, {
    ledger,
    level,
    isSpooling: sending.spool !== undefined,
    breakers: () =>
      peers.map((to, exporter) => ({
        signals: to.map(({ signal }) => signal),
        state: exporters()[exporter]?.breaker.kind ?? 'closed',
        ...addressOf(to[0]!),
      })),
  });
  const stopCertificates = certificateMetrics(meter, () =>
    exporters().flatMap(({ signals, certificateExpiresAt: expiresAt }) =>
      expiresAt === undefined ? [] : [{ signals, expiresAt }],
    ),
  );
  const traced = destinations.some(({ signal }) => signal === 'traces');
  const stopLive = liveSpanMetrics(traced && level === 'detailed' ? meter : undefined, live);
  const stopTruncations = truncationMetrics(meter, truncated, level);
  function abandoned(): void {
    for (const each of perExporter) each?.abandoned();
  }
  return {
    started({ exporter, signal, items }: FromWorker & { readonly kind: 'started' }): void {
      perExporter[exporter]?.started({ signal, items });
    },
    ended({ exporter, operation }: FromWorker & { readonly kind: 'ended' }): void {
      perExporter[exporter]?.ended(operation);
    },
    /** The worker is gone: what it had under way will not end. */
    abandoned,
    stop(): void {
      abandoned();
      stopProcessors();
      stopTruncations();
      stopPipeline();
      stopCertificates();
      stopLive();
    },
  };
}

function addressOf(to: Destination): { serverAddress?: string; serverPort?: number } {
  const { host, port, socketPath } = endpointOf(to) ?? {};
  return host === undefined || port === undefined || socketPath !== undefined
    ? {}
    : { serverAddress: host, serverPort: port };
}
