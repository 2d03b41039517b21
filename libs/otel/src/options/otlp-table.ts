import { PROTOCOLS } from '@nestlens/otlp';
import { COMPRESSIONS, DROP_POLICIES, ENGINES } from './option-names.js';
import { option, repeated, section } from './option.js';
import { filled, flag, oneOf, text, whole } from './option-rules.js';
import {
  auth,
  durability,
  endpoint,
  fsyncInterval,
  headers,
  tlsVersion,
  wholeBeyondTimers,
  worker,
} from './otlp-rules.js';

const tls = section(
  'OtlpTlsOptions',
  'PEM files. A file that is missing or cannot be read stops the start. The engine `nestlens` reads them again when they change.',
  {
    caFile: option(filled, {
      text: "CA bundle that signed the collector's certificate.",
      variables: ['OTEL_EXPORTER_OTLP_CERTIFICATE'],
      defaultText: "Node's own roots",
    }),
    certFile: option(filled, {
      text: 'Client certificate for mTLS, its issuers after it. It needs `keyFile`.',
      variables: ['OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE'],
    }),
    keyFile: option(filled, {
      text: 'Private key of `certFile`. It needs `certFile`.',
      variables: ['OTEL_EXPORTER_OTLP_CLIENT_KEY'],
    }),
    passphrase: option(text, { text: 'Passphrase of an encrypted `keyFile`.' }),
    serverName: option(filled, {
      text: "Name that the collector's certificate must carry.",
      engine: 'nestlens',
      defaultText: "the endpoint's host",
    }),
    minVersion: option(tlsVersion, {
      text: 'Oldest TLS version that is accepted.',
      engine: 'nestlens',
      defaultText: '`TLSv1.2`',
    }),
  },
);

const DESTINATION = {
  protocol: option(oneOf(PROTOCOLS, 'OtlpProtocol'), {
    text: 'Protocol of the export.',
    variables: ['OTEL_EXPORTER_OTLP_PROTOCOL'],
    default: 'grpc',
  }),
  endpoint: option(endpoint, {
    text:
      'URL of the collector, `http://`, or `https://` for TLS. The engine `nestlens` also takes ' +
      '`unix:/path/of/socket`. Without a port it is 4317 for gRPC, and 80 or 443 for HTTP. For HTTP, `/v1/<signal>` is ' +
      'appended to the shared endpoint, and an endpoint of one signal is used as it is.',
    variables: ['OTEL_EXPORTER_OTLP_ENDPOINT'],
    defaultText: '`http://localhost:4317` (gRPC) or `http://localhost:4318` (HTTP)',
  }),
  headers: option(headers, {
    text:
      'Headers of each export (gRPC: metadata). They are merged by name with those of the variable, over which they win; ' +
      'headers of one signal win over shared ones. The engine `nestlens` also takes a function, which it calls before each attempt, on the main thread; headers from that function win over headers given as values. An answer that took more ' +
      'than a second is used for 30 s.',
    defaultText: '`OTEL_EXPORTER_OTLP_HEADERS`, else none',
  }),
  auth: option(auth, {
    text:
      "Credentials: `{ type: 'bearer', token }`, `{ type: 'apiKey', key, header? }` or `{ type: 'basic', username, " +
      'password }`. They win over a header of the same name. With the engine `nestlens` token, key and password may be ' +
      'functions.',
  }),
  tls,
  compression: option(oneOf(COMPRESSIONS, 'OtlpCompression'), {
    text: 'Compression of requests. Only the engine `nestlens` takes `zstd`: one request is sent in zstd, and until the collector has accepted that request all others use gzip. Where the collector refuses zstd, gzip or `none` is used.',
    variables: ['OTEL_EXPORTER_OTLP_COMPRESSION'],
    default: 'none',
  }),
  timeoutMs: option(whole(1), {
    text: 'Deadline of one export; with the engine `nestlens`, of one attempt. In the variable 0 means no limit.',
    variables: ['OTEL_EXPORTER_OTLP_TIMEOUT'],
    default: 10_000,
  }),
} as const;

export const DESTINATION_OPTIONS = section(
  'OtlpDestinationOptions',
  'One destination, or the options that differ for one signal.',
  DESTINATION,
);

const pool = section('OtlpPoolOptions', 'Connections to one collector.', {
  sessions: option(whole(1, 16), {
    text: 'Most connections to one gRPC collector. The second is made when the first is busy.',
    engine: 'nestlens',
    default: 2,
  }),
  connectTimeoutMs: option(whole(1), {
    text: "Deadline for TCP, TLS and the collector's first answer, for gRPC and HTTP.",
    engine: 'nestlens',
    default: 3000,
  }),
  keepaliveMs: option(whole(1), {
    text: 'Silence after which a PING is sent, while an answer is outstanding.',
    engine: 'nestlens',
    default: 10_000,
  }),
  keepaliveTimeoutMs: option(whole(1), {
    text: 'Deadline for the answer to a PING. Without one the connection is replaced.',
    engine: 'nestlens',
    default: 5000,
  }),
  maxAgeMs: option(whole(1), {
    text: 'Age at which a connection is replaced, give or take a fifth, for gRPC and HTTP.',
    engine: 'nestlens',
    default: 300_000,
  }),
});

const spool = section(
  'OtlpSpoolOptions',
  'Telemetry that cannot be sent is kept on disk. Without a directory no disk is used.',
  {
    directory: option(filled, {
      text:
        'Directory of the spool. It is made when it is missing, with mode 0700, and several processes may share it. With ' +
        'neither option nor variable no disk is used, and other options of the spool are a fault.',
      engine: 'nestlens',
      variables: ['NESTLENS_OTLP_SPOOL_DIRECTORY'],
    }),
    maxBytes: option(wholeBeyondTimers(65_536), {
      text: 'Largest size on disk, for each process. The oldest telemetry is evicted first.',
      engine: 'nestlens',
      default: 268_435_456,
    }),
    maxAgeMs: option(wholeBeyondTimers(1), {
      text: 'Age at which telemetry on disk is dropped.',
      engine: 'nestlens',
      default: 86_400_000,
    }),
    durable: option(durability, {
      text:
        'Which telemetry goes to disk. `overflow`: batches that cannot be sent, batches while more than half of the memory is in use, and batches that remain at the ' +
        'end. `always`: everything, before it is sent; a flush and a shutdown then send from the disk.',
      engine: 'nestlens',
      default: 'overflow',
    }),
    fsyncIntervalMs: option(fsyncInterval, {
      text:
        'Time between two fsyncs, which is how much a power failure may cost. With `always` each batch is synced, and a ' +
        'power failure costs nothing that was written.',
      engine: 'nestlens',
      default: 500,
    }),
    onCrash: option(flag, {
      text:
        'Write unsent telemetry from memory to disk when the process ends without a shutdown: by ' +
        '`process.exit()`, by an uncaught exception, or by itself.',
      engine: 'nestlens',
      default: true,
    }),
  },
);

const OVERRIDE = 'Options of the destination that differ for this signal. The rest is inherited.';

export const OTLP_OPTIONS = section(
  'OtlpOptions',
  'Where telemetry goes, and how. The keys from `protocol` to `timeoutMs` can be given again below `traces`, `metrics` and `logs` for one signal; their variables have a form for one signal too, such as `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, which wins over the shared one.',
  {
    ...DESTINATION,
    engine: option(oneOf(ENGINES, 'OtlpEngine'), {
      text: 'What carries telemetry to the collector. `nestlens`: our own pipeline, which retries, is bounded in bytes and sends from a worker thread (docs/pipeline.md). `sdk`: the official processors and exporters.',
      default: 'nestlens',
    }),
    concurrency: option(whole(1, 1000), {
      text: 'Most exports in flight. `nestlens`: to one collector; the actual limit is learned, from 2 up to this, and a signal that has none in flight may have one more. Over HTTP it is always 32 for each signal. `sdk`: for each signal.',
      defaultText: '32 (`nestlens`) or 30 (`sdk`)',
    }),
    maxBytes: option(whole(1_048_576), {
      text: 'Memory for spans and log records, until the collector has answered, or until they are on disk or dropped. If both are exported, an eighth is reserved for each. Metrics get a quarter of this size in addition.',
      engine: 'nestlens',
      default: 33_554_432,
    }),
    dropPolicy: option(oneOf(DROP_POLICIES), {
      text:
        'Which telemetry is dropped when `maxBytes` is full. `newest`: the new item. `oldest`: the 256 KiB that have waited longest. ' +
        '`keepErrors`: the 256 KiB without an error (a span of status ERROR, a record of severity 17 or more) that have waited longest, else the new item.',
      engine: 'nestlens',
      default: 'newest',
    }),
    sealAfterMs: option(whole(1, 600_000), {
      text: 'Longest wait of an ended span or a log record before its batch is sent.',
      engine: 'nestlens',
      variables: ['OTEL_BSP_SCHEDULE_DELAY'],
      defaultText:
        '`traces.batch.delayMs`, then `OTEL_BSP_SCHEDULE_DELAY`, then 1000, or 100 where `NODE_ENV` is not `production`',
    }),
    worker: option(worker, {
      text:
        "Send from a worker thread. `{ entry }` names the thread's file, as a path or a `file:` URL, for bundles that " +
        'do not have it beside them as `nestlens-otlp-worker.js` (docs/bundling.md). If no thread can be started, the main thread sends, and one line says so.',
      engine: 'nestlens',
      default: true,
    }),
    pool,
    spool,
    traces: repeated(DESTINATION_OPTIONS, OVERRIDE),
    metrics: repeated(DESTINATION_OPTIONS, OVERRIDE),
    logs: repeated(DESTINATION_OPTIONS, OVERRIDE),
  },
);
