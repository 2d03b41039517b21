import { createOtlpReceiver, type OtlpReceiver, type ReceiverStats } from '@nestlens/otlp/receiver';
import { Api } from '../api/api.js';
import { createRoutes } from '../api/routes.js';
import { LiveFeed } from '../live/feed.js';
import { LensStore, type StoreStats } from '../store/store.js';
import { LensError } from './lens-error.js';
import { resolveLensOptions, type LensOptions, type ResolvedLensOptions } from './options.js';
import { startError } from './start-error.js';

/** The addresses of a started lens. */
export interface LensAddress {
  readonly host: string;
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly apiPort: number;
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT` with protocol `grpc`. */
  readonly grpcUrl: string;
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT` with protocol `http/protobuf` or `http/json`. */
  readonly httpUrl: string;
  readonly apiUrl: string;
}

/** The state and counts of a lens. */
export interface LensStats extends StoreStats {
  /** Requests and connections of the OTLP ports. */
  readonly receiver: ReceiverStats;
  readonly liveClients: number;
  /** Time since `start`; 0 before. */
  readonly uptimeMs: number;
}

/** A local OTLP receiver with a bounded store and a JSON API. */
export interface Lens {
  /**
   * Opens the three ports. While starting or started, returns the same promise. Rejects with a {@link LensError}:
   * `lens_port_in_use`, `lens_start`, or `lens_closed` after `close`. Then nothing stays open.
   */
  start(): Promise<LensAddress>;
  /** Stops intake, then the API. The store stays readable. Safe before start and twice. The signal is the deadline. */
  close(signal?: AbortSignal): Promise<void>;
  /** Counts of store, receiver and live clients at one moment. */
  stats(): LensStats;
  /** Empties the store. The counts then tell how many items were cleared. */
  clear(): void;
  /** For direct queries, and for `ingest` without a port. */
  readonly store: LensStore;
}

/** Throws a {@link LensError} `lens_options` that lists every fault. Opens nothing before `start`. */
export function createLens(options: LensOptions = {}): Lens {
  return new LocalLens(resolveLensOptions(options));
}

class LocalLens implements Lens {
  readonly store: LensStore;
  readonly #options: ResolvedLensOptions;
  readonly #live: LiveFeed;
  readonly #api: Api;
  readonly #receiver: OtlpReceiver;
  #started: Promise<LensAddress> | undefined;
  #closed: Promise<void> | undefined;
  #startedMs: number | undefined;

  constructor(options: ResolvedLensOptions) {
    const { host, grpcPort, httpPort, apiPort, onError } = options;
    this.#options = options;
    this.store = new LensStore(options);
    this.#live = new LiveFeed(this.store.traces);
    this.#api = new Api({
      host,
      port: apiPort,
      live: this.#live,
      routes: createRoutes({
        store: this.store,
        stats: () => this.stats(),
        clear: () => this.clear(),
      }),
      onError,
    });
    this.#receiver = createOtlpReceiver({
      host,
      grpcPort,
      httpPort,
      onExport: ({ request }) => this.store.ingest(request),
      onError,
    });
  }

  start(): Promise<LensAddress> {
    if (this.#closed !== undefined) {
      return Promise.reject(
        new LensError('lens_closed', 'The lens is closed; make a new one with createLens'),
      );
    }
    this.#started ??= this.#open();
    return this.#started;
  }

  close(signal?: AbortSignal): Promise<void> {
    this.#closed ??= this.#shut(signal);
    return this.#closed;
  }

  stats(): LensStats {
    return {
      ...this.store.stats(),
      receiver: this.#receiver.stats(),
      liveClients: this.#live.size,
      uptimeMs: this.#startedMs === undefined ? 0 : this.#options.now() - this.#startedMs,
    };
  }

  clear(): void {
    this.store.clear();
    this.#live.cleared();
  }

  async #open(): Promise<LensAddress> {
    const { host } = this.#options;
    try {
      // 1. The API first, so that received telemetry can be seen from the first span on.
      const apiPort = await this.#api.start();
      // 2. Both OTLP ports, or none.
      const { grpcPort, httpPort } = await this.#receiver.start();
      this.#startedMs = this.#options.now();
      function url(port: number): string {
        return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
      }
      return {
        host,
        grpcPort,
        httpPort,
        apiPort,
        grpcUrl: url(grpcPort),
        httpUrl: url(httpPort),
        apiUrl: url(apiPort),
      };
    } catch (error) {
      await this.#stop();
      throw startError(error, this.#options);
    }
  }

  async #shut(signal: AbortSignal | undefined): Promise<void> {
    await this.#started?.catch(() => undefined);
    await this.#stop(signal);
  }

  async #stop(signal?: AbortSignal): Promise<void> {
    // 1. Stop intake. Exports under way get their answer, and live readers still see them.
    await this.#receiver.close(signal);
    // 2. Live readers, which would never leave by themselves.
    this.#live.close();
    // 3. The API, which opened first and closes last.
    await this.#api.close(signal);
  }
}
