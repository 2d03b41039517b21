import { createOtlpReceiver } from '@nestlens/otlp/receiver';
import type {
  ExportReply,
  OtlpReceiver,
  ReceivedExport,
  ReceiverStats,
} from '@nestlens/otlp/receiver';
import { Arrivals } from './arrivals.js';
import type { WaitOptions, Wanted } from './arrivals.js';
import { printed } from './expected-value.js';
import { formatRequests, itemsOf, logRecordsOf, metricsOf, spansOf, taken } from './received.js';
import type { ReceivedLogRecord, ReceivedMetric, ReceivedRequest } from './received.js';
import { ReplyScript } from './reply-script.js';
import { formatSpanTree } from './span-tree-format.js';
import type { ReceivedSpan } from './span-view.js';

/** Options of `ScriptedOtlpServer`. */
export interface ScriptedOtlpServerOptions {
  /** Address on which it listens. Default: `127.0.0.1`. */
  host?: string;
  /** The first answers, for requests of any signal. Default: every request is accepted. */
  replies?: readonly ExportReply[];
}

/**
 * A real OTLP endpoint (gRPC, HTTP with protobuf and JSON) on free ports. It answers from a script and keeps
 * the requests. `requests()` returns all of them; spans, log records and metrics are those of accepted
 * requests.
 */
export class ScriptedOtlpServer implements AsyncDisposable {
  /** The next answers. They may be changed at any time. */
  readonly script = new ReplyScript();
  readonly #host: string;
  readonly #errors: unknown[] = [];
  readonly #requests = new Arrivals<ReceivedRequest>('requests', formatRequests);
  readonly #spans: Arrivals<ReceivedSpan>;
  readonly #logRecords: Arrivals<ReceivedLogRecord>;
  readonly #metrics: Arrivals<ReceivedMetric>;
  #receiver: OtlpReceiver | undefined;
  #ports = { grpcPort: 0, httpPort: 0 };
  #hanging = false;

  constructor(options: ScriptedOtlpServerOptions = {}) {
    this.#host = options.host ?? '127.0.0.1';
    this.script.next(...(options.replies ?? []));
    const withRequests =
      <T>(show: (items: readonly T[]) => string) =>
      (items: readonly T[]): string =>
        [items.length === 0 ? '' : show(items), this.#showRequests()]
          .filter((part) => part !== '')
          .join('\n');
    this.#spans = new Arrivals(
      'spans',
      withRequests<ReceivedSpan>((spans) => formatSpanTree(spans)),
    );
    this.#logRecords = new Arrivals('log records', withRequests(formatLogRecords));
    this.#metrics = new Arrivals('metrics', withRequests(formatMetrics));
  }

  /** Starts a server that listens. */
  static async start(options?: ScriptedOtlpServerOptions): Promise<ScriptedOtlpServer> {
    const server = new ScriptedOtlpServer(options);
    await server.start();
    return server;
  }

  /**
   * Listens on free ports the first time, and on the same ports after `close()`. Safe to call while it listens.
   */
  async start(): Promise<void> {
    if (this.#receiver !== undefined) return;
    const receiver = createOtlpReceiver({
      host: this.#host,
      ...this.#ports,
      onExport: (received) => this.#receive(received),
      onError: (error) => this.#errors.push(error),
    });
    this.#receiver = receiver;
    try {
      this.#ports = await receiver.start();
    } catch (error) {
      this.#receiver = undefined;
      throw error;
    }
  }

  /**
   * Closes ports, connections and unanswered requests. The received telemetry stays readable. Safe to call
   * twice.
   */
  async close(): Promise<void> {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    await receiver?.close(this.#hanging ? AbortSignal.abort() : undefined);
    this.#hanging = false;
  }

  /** Closes the server. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get grpcPort(): number {
    return this.#ports.grpcPort;
  }

  get httpPort(): number {
    return this.#ports.httpPort;
  }

  /** The endpoint for `OTEL_EXPORTER_OTLP_ENDPOINT` with the protocol `grpc`. */
  get grpcUrl(): string {
    return `http://${this.#host}:${this.grpcPort}`;
  }

  /** The endpoint for `OTEL_EXPORTER_OTLP_ENDPOINT` with the protocols `http/protobuf` and `http/json`. */
  get httpUrl(): string {
    return `http://${this.#host}:${this.httpPort}`;
  }

  /** Counts of the receiver. Undefined while it is closed. */
  stats(): ReceiverStats | undefined {
    return this.#receiver?.stats();
  }

  /** Returns every request that could be decoded, whatever the answer was. */
  requests(): readonly ReceivedRequest[] {
    return this.#requests.all();
  }

  /** Returns spans of accepted requests, in the order of arrival. */
  spans(): readonly ReceivedSpan[] {
    return this.#spans.all();
  }

  /** Returns log records of accepted requests, in the order of arrival. */
  logRecords(): readonly ReceivedLogRecord[] {
    return this.#logRecords.all();
  }

  /** Returns metrics of accepted requests, in the order of arrival. */
  metrics(): readonly ReceivedMetric[] {
    return this.#metrics.all();
  }

  /**
   * Resolves with all requests so far when they fulfil `wanted`. Rejects with a description of the arrivals.
   */
  waitForRequests(
    wanted: Wanted<ReceivedRequest>,
    options?: WaitOptions,
  ): Promise<readonly ReceivedRequest[]> {
    return this.#requests.wait(wanted, options);
  }

  /** Resolves with all spans so far when they fulfil `wanted`. Rejects with a description of the arrivals. */
  waitForSpans(
    wanted: Wanted<ReceivedSpan>,
    options?: WaitOptions,
  ): Promise<readonly ReceivedSpan[]> {
    return this.#spans.wait(wanted, options);
  }

  /**
   * Resolves with all log records so far when they fulfil `wanted`. Rejects with a description of the arrivals.
   */
  waitForLogRecords(
    wanted: Wanted<ReceivedLogRecord>,
    options?: WaitOptions,
  ): Promise<readonly ReceivedLogRecord[]> {
    return this.#logRecords.wait(wanted, options);
  }

  /** Resolves with all metrics so far when they fulfil `wanted`. Rejects with a description of the arrivals. */
  waitForMetrics(
    wanted: Wanted<ReceivedMetric>,
    options?: WaitOptions,
  ): Promise<readonly ReceivedMetric[]> {
    return this.#metrics.wait(wanted, options);
  }

  /** Removes the received telemetry, and the script. */
  clear(): void {
    this.script.clear();
    this.#errors.length = 0;
    for (const list of [this.#requests, this.#spans, this.#logRecords, this.#metrics]) list.clear();
  }

  #receive({ request, transport, headers, bytes }: ReceivedExport): ExportReply {
    const reply = this.script.take(request.signal);
    if (reply.kind === 'hang') this.#hanging = true;
    if (taken(reply)) {
      this.#spans.add(...spansOf(request));
      this.#logRecords.add(...logRecordsOf(request));
      this.#metrics.add(...metricsOf(request));
    }
    const { signal } = request;
    const items = itemsOf(request);
    this.#requests.add({ signal, transport, headers, bytes, items, reply, request });
    return reply;
  }

  /** Describes the requests for the message of a failed wait: most often they explain it. */
  #showRequests(): string {
    const requests = this.#requests.all();
    const rejected = this.stats()?.rejected ?? 0;
    return [
      requests.length === 0 ? 'no requests' : `requests:\n${formatRequests(requests)}`,
      ...(rejected === 0 ? [] : [`${rejected} more could not be read`]),
      ...this.#errors.map((error) => `receiver: ${String(error)}`),
    ].join('\n');
  }
}

const formatLogRecords = (records: readonly ReceivedLogRecord[]): string =>
  records.map(({ severityText, body }) => `${severityText} ${printed(body)}`).join('\n');

const formatMetrics = (metrics: readonly ReceivedMetric[]): string =>
  metrics
    .map(({ name, data }) => `${name} (${data.kind}, ${data.points.length} points)`)
    .join('\n');
