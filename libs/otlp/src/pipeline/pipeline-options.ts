import type { Worker, WorkerOptions } from 'node:worker_threads';
import type { Meter } from '@opentelemetry/api';
import type { EncodeLimits } from '../encode/limits.js';
import type { SelfMetricsLevel } from '../ledger/observing.js';
import type { SelfLogLevel } from '../ledger/self-log.js';
import { GRPC_PORT, readEndpoint } from '../pool/endpoint.js';
import type { Endpoint } from '../pool/endpoint.js';
import type { PoolOptions } from '../pool/pool-options.js';
import type { TlsOptions } from '../pool/tls-material.js';
import type { DropPolicy } from '../slab/slab-writer.js';
import type { SpoolOptions } from '../spool/spool.js';
import type { Encoding } from '../transport/encoding.js';
import type { HeaderValues, Headers } from '../transport/headers.js';
import { SIGNALS } from '../wire/model.js';
import type { Protocol, Signal } from '../wire/model.js';
import type { Temporality } from './metric-exporter.js';
import type { Aside } from './worker-supervisor.js';

/** Where the worker thread begins. */
export interface WorkerEntry {
  /**
   * The file of the thread: a `file:` URL, or a path, relative to the working directory. Default: the package's own. For
   * bundles: what a bundler makes of `@nestlens/otlp/worker`.
   */
  readonly entry?: URL | string;
  /** Default: none of the process' own, such as `--import`, which belong to the application. */
  readonly execArgv?: readonly string[];
}

/** How the thread is started, whenever that is. */
export interface ResolvedWorker extends WorkerEntry {
  readonly spawn?: SpawnWorker | undefined;
  /** The variables of the process when the pipeline was made: proxies and certificates among them. */
  readonly env: NodeJS.ProcessEnv;
}

/** Starts a thread on the package's own file of the worker, which each entry of the package finds in its own way. */
export type SpawnWorker = (options: WorkerOptions) => Worker;

/** Where one signal goes. */
export interface DestinationOptions {
  /** Default `grpc`. HTTP goes through the proxy that `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` name; gRPC does not. */
  readonly protocol?: Protocol;
  /**
   * `http://`, `https://` or `unix:`; for HTTP complete, `/v1/<signal>` included, which a unix socket gets by itself.
   * Ignored for gRPC: the path.
   */
  readonly endpoint: string;
  /** By value, or asked for before each attempt, on the main thread. Later ones win. */
  readonly headers?: Headers | readonly Headers[];
  readonly tls?: TlsOptions;
  /** Default `identity`. */
  readonly compression?: Encoding;
  /** The longest that one attempt takes, from its start to its answer's end. Default 10 s. */
  readonly timeoutMs?: number;
}

/** Options of `createPipeline`. Durations are in ms. */
export interface PipelineOptions {
  /** A signal without a destination has no part, and is not exported. */
  readonly traces?: DestinationOptions;
  readonly metrics?: DestinationOptions;
  readonly logs?: DestinationOptions;
  /** Memory for spans and log records until they are answered for; metrics have a quarter of it besides. Default 32 MiB, at least 1 MiB. */
  readonly maxBytes?: number;
  /** Which items are dropped when that memory is full. Default `newest`. */
  readonly dropPolicy?: DropPolicy;
  /** The longest that an ended item waits before its batch is sent. Default 1 s. */
  readonly sealAfterMs?: number;
  /** Raw bytes that a request aims at, 64 KiB to 4 MiB. Default 1 MiB. */
  readonly targetBytes?: number;
  /** Send from a thread of its own. Default true; where none can be started it is as with false. */
  readonly worker?: boolean | WorkerEntry;
  /** Requests at a time to one collector: learned between these. Default 2, or `max` where that is less, to 32. */
  readonly concurrency?: { readonly min?: number; readonly max?: number };
  /** Connections to one collector; for HTTP only `connectTimeoutMs` and `maxAgeMs`. */
  readonly pool?: Omit<PoolOptions, 'clock' | 'lookup' | 'random'>;
  readonly encode?: Partial<EncodeLimits>;
  /** Default `cumulative`. */
  readonly temporality?: Temporality;
  /** The deadline of a `flush` without a signal. Default 5 s. */
  readonly flushTimeoutMs?: number;
  /** The deadline of a `shutdown` without a signal. Default 5 s. */
  readonly shutdownTimeoutMs?: number;
  /**
   * How long the end of a process that never called `shutdown` may wait for queued items, in ms: `process.exit()` and
   * uncaught exceptions. The main thread stands still meanwhile, the worker sends. Ignored without a worker. Default
   * 500; 0: not at all.
   */
  readonly exitTimeoutMs?: number;
  /** Listen to the `exit` of the process. With false whoever made the pipeline calls `exit`. Default true. */
  readonly listensToExit?: boolean;
  /**
   * Calls `work` so that nothing that it sends, now or later, is taken for the application's: such as in a context in
   * which tracing is suppressed. All that sends on the loop of the application, and functions for headers, go through it.
   * Default: as it comes.
   */
  readonly aside?: Aside;
  /**
   * `checkDestination` has looked at the destinations, so that they are not looked at, nor their files read, again. Default:
   * false.
   *
   * @internal
   */
  readonly isChecked?: boolean;
  /** Keeps on disk what cannot be sent. Default: off. */
  readonly spool?: SpoolSettings;
  /** For `otel.sdk.*` and our own metrics of the pipeline. Default: none are made. */
  readonly meter?: Meter;
  /**
   * How much is measured. `basic`: items that were exported, that were dropped and that wait, breakers, a spool, client
   * certificates; no count that never moved. `detailed`: also items in flight, durations, live spans, and every count that
   * there can be. Ignored without a meter. Default `basic`.
   */
  readonly selfMetrics?: SelfMetricsLevel;
  /** Prints what the pipeline says of itself: one line per cause and minute. Default: nobody. */
  readonly log?: (level: SelfLogLevel, line: string) => void;
}

/** The spool on disk: its options, and when it is used. */
export interface SpoolSettings extends Omit<
  SpoolOptions,
  'clock' | 'onEvent' | 'disk' | 'wallClock'
> {
  /**
   * `overflow`: while the collector cannot be reached, above half of the memory, and at the shutdown's deadline.
   * `always`: everything, before it is sent. Default `overflow`.
   */
  readonly durable?: 'overflow' | 'always';
  /**
   * Write items in memory that could not be sent to disk when the process ends without a `shutdown`: by
   * `process.exit()`, an uncaught exception, or by itself. One that aborts or is killed tells nobody. Default true.
   */
  readonly onCrash?: boolean;
}

/** A destination that can be cloned to a thread. */
export interface Destination {
  readonly signal: Signal;
  readonly protocol: Protocol;
  readonly endpoint: string;
  readonly headers: readonly HeaderValues[];
  /** There are functions to be asked, on the main thread. */
  readonly asksHeaders: boolean;
  readonly tls: TlsOptions | undefined;
  readonly compression: Encoding;
  readonly timeoutMs: number;
  /** Equal for destinations that are one collector, reached in one way: they share pool, breaker and pace. */
  readonly peer: number;
}

/** The options of the export worker; can be cloned. */
export interface SendingOptions {
  readonly destinations: readonly Destination[];
  readonly targetBytes: number;
  readonly sealAfterMs: number;
  readonly concurrency: { readonly min: number; readonly max: number };
  readonly pool: Omit<PoolOptions, 'clock' | 'lookup' | 'random'>;
  readonly spool: SpoolSettings | undefined;
  /** A meter counts the items in flight. */
  readonly metered: boolean;
}

export interface ResolvedPipelineOptions {
  readonly sending: SendingOptions;
  readonly headerFunctions: Readonly<Partial<Record<Signal, readonly HeaderFunction[]>>>;
  readonly maxBytes: number;
  readonly slabBytes: number;
  readonly dropPolicy: DropPolicy;
  readonly worker: ResolvedWorker | false;
  readonly encode: Partial<EncodeLimits>;
  readonly temporality: Temporality;
  readonly flushTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  readonly exitTimeoutMs: number;
  readonly listensToExit: boolean;
  readonly aside: Aside;
  readonly meter: Meter | undefined;
  readonly selfMetrics: SelfMetricsLevel;
  readonly log: (level: SelfLogLevel, line: string) => void;
}

export type HeaderFunction = () => HeaderValues | Promise<HeaderValues>;

const MIB = 1024 * 1024;
const SLAB_BYTES = 256 * 1024;
/** Code over defaults, in one place. Ranges are mended, since a bad number must not cost the telemetry. */
export function resolvePipelineOptions(
  options: PipelineOptions,
  spawn?: SpawnWorker,
): ResolvedPipelineOptions {
  const { worker = true, concurrency = {}, targetBytes = MIB } = options;
  const { max = 32 } = concurrency;
  const min = Math.max(1, concurrency.min ?? Math.min(2, max));
  return {
    sending: {
      destinations: destinationsOf(options),
      targetBytes: Math.min(Math.max(targetBytes, 64 * 1024), 4 * MIB),
      sealAfterMs: options.sealAfterMs ?? 1000,
      concurrency: { min, max: Math.max(min, max) },
      pool: options.pool ?? {},
      spool: options.spool,
      metered: options.meter !== undefined && options.selfMetrics === 'detailed',
    },
    headerFunctions: functionsOf(options),
    maxBytes: Math.max(options.maxBytes ?? 32 * MIB, MIB),
    slabBytes: SLAB_BYTES,
    dropPolicy: options.dropPolicy ?? 'newest',
    worker: worker === false ? false : resolvedWorker(worker === true ? {} : worker, spawn),
    encode: options.encode ?? {},
    temporality: options.temporality ?? 'cumulative',
    flushTimeoutMs: options.flushTimeoutMs ?? 5000,
    shutdownTimeoutMs: options.shutdownTimeoutMs ?? 5000,
    exitTimeoutMs: Math.max(0, options.exitTimeoutMs ?? 500),
    listensToExit: options.listensToExit ?? true,
    aside: options.aside ?? ((work) => work()),
    meter: options.meter,
    selfMetrics: options.selfMetrics ?? 'basic',
    log: options.log ?? (() => {}),
  };
}

/** Spans leave one slab in so many to log records, and log records to spans. */
const RESERVED_SHARE = 8;

/** How many of `count` slabs a signal leaves to others: none where it is alone. Metrics take no slabs. */
export function reservedSlabs(
  { sending: { destinations } }: ResolvedPipelineOptions,
  count: number,
): number {
  const users = destinations.filter(({ signal }) => signal !== 'metrics').length;
  return users < 2 ? 0 : Math.max(1, Math.floor(count / RESERVED_SHARE));
}

function headersIn({ headers = [] }: DestinationOptions): readonly Headers[] {
  return Array.isArray(headers) ? (headers as readonly Headers[]) : [headers as Headers];
}

function functionsOf(options: PipelineOptions): ResolvedPipelineOptions['headerFunctions'] {
  const functions: Partial<Record<Signal, readonly HeaderFunction[]>> = {};
  for (const signal of SIGNALS) {
    const given = options[signal];
    if (given === undefined) continue;
    const asked = headersIn(given).filter((source) => typeof source === 'function');
    if (asked.length > 0) functions[signal] = asked;
  }
  return functions;
}

function destinationsOf(options: PipelineOptions): readonly Destination[] {
  const peers: string[] = [];
  const functions: unknown[] = [];
  return SIGNALS.flatMap((signal) => {
    const given = options[signal];
    if (given === undefined) return [];
    const sources = headersIn(given);
    const headers = sources.filter((source) => typeof source !== 'function');
    const asked = sources.filter((source) => typeof source === 'function');
    const destination = {
      protocol: given.protocol ?? 'grpc',
      headers,
      asksHeaders: asked.length > 0,
      tls: given.tls,
      compression: given.compression ?? 'identity',
      timeoutMs: given.timeoutMs ?? 10_000,
    } as const;
    const askedBy = asked.map((ask) => numberOf(functions, ask));
    const key = JSON.stringify([destination, originOf(given), askedBy]);
    return [{ ...destination, signal, endpoint: given.endpoint, peer: numberOf(peers, key) }];
  });
}

/** Undefined for what no connection can be made to. */
export function endpointOf(
  given: Pick<DestinationOptions, 'protocol' | 'endpoint'>,
): Endpoint | undefined {
  const isHttp = given.protocol?.startsWith('http') === true;
  const reading = readEndpoint(given.endpoint, isHttp ? undefined : GRPC_PORT);
  return reading.kind === 'endpoint' ? reading.endpoint : undefined;
}

/** The target of a connection: paths of one collector share its connections. */
function originOf(given: DestinationOptions): unknown {
  const { tls, socketPath, authority, authorization } = endpointOf(given) ?? {};
  return authority === undefined ? given.endpoint : [tls, socketPath, authority, authorization];
}

function numberOf<T>(known: T[], value: T): number {
  const at = known.indexOf(value);
  return at >= 0 ? at : known.push(value) - 1;
}

function resolvedWorker(entry: WorkerEntry, spawn: SpawnWorker | undefined): ResolvedWorker {
  // A host that has set --require or loaders for itself does not mean this thread.
  return { ...entry, spawn, env: { ...process.env, NODE_OPTIONS: '' } };
}
