import { PROTOCOLS } from '@nestlens/otlp';
import type { Signal } from '@nestlens/otlp';
import {
  COMPRESSIONS,
  DIAGNOSTIC_LEVELS,
  EXPORTERS,
  PROPAGATORS,
  RESOURCE_DETECTORS,
  SAMPLERS,
  TEMPORALITIES,
} from './option-names.js';
import { count, flag, listOf, oneOf, ratio, text, words } from './variable-rules.js';
import type { VariableRule } from './variable-rules.js';

/** A variable: how it is read, and its effect if no option names it as its default. */
export interface Variable<T> extends VariableRule<T> {
  readonly sets?: string;
}

const sets = <T>(rule: VariableRule<T>, what: string): Variable<T> => ({ ...rule, sets: what });

/** Each variable has a form for all signals, and one for each signal, which wins. */
const DESTINATION = {
  ENDPOINT: text,
  HEADERS: text,
  TIMEOUT: count(0),
  COMPRESSION: oneOf(COMPRESSIONS),
  PROTOCOL: oneOf(PROTOCOLS),
  CERTIFICATE: text,
  CLIENT_CERTIFICATE: text,
  CLIENT_KEY: text,
  INSECURE: sets(
    flag,
    'Whether gRPC goes without TLS to an endpoint that has no scheme. An endpoint with a scheme ignores it.',
  ),
} as const;

export type DestinationSuffix = keyof typeof DESTINATION;
/** The variable of all signals, and that of one. */
export type SharedVariable<S extends DestinationSuffix = DestinationSuffix> =
  `OTEL_EXPORTER_OTLP_${S}`;
export type SignalVariable<S extends DestinationSuffix = DestinationSuffix> =
  `OTEL_EXPORTER_OTLP_${Uppercase<Signal>}_${S}`;

const forms = <P extends string>(prefix: P) =>
  Object.fromEntries(
    Object.entries(DESTINATION).map(([suffix, rule]) => [`${prefix}_${suffix}`, rule]),
  ) as { readonly [S in DestinationSuffix as `${P}_${S}`]: (typeof DESTINATION)[S] };

const pod = (attribute: string): Variable<string> =>
  sets(text, `The resource attribute \`${attribute}\`, from Kubernetes' Downward API.`);

const batch = <P extends string>(prefix: P) =>
  ({
    [`${prefix}_MAX_QUEUE_SIZE`]: count(1),
    [`${prefix}_MAX_EXPORT_BATCH_SIZE`]: count(1),
    [`${prefix}_SCHEDULE_DELAY`]: count(1),
    [`${prefix}_EXPORT_TIMEOUT`]: count(1),
  }) as Readonly<
    Record<
      `${P}_${'MAX_QUEUE_SIZE' | 'MAX_EXPORT_BATCH_SIZE' | 'SCHEDULE_DELAY' | 'EXPORT_TIMEOUT'}`,
      VariableRule<number>
    >
  >;

const NOT_READ = 'Nothing: declarative configuration is not read, and a warning says so.';

/** Every variable that is read, with its rule. Nothing else of the environment counts. */
export const VARIABLES = {
  OTEL_SDK_DISABLED: sets(
    flag,
    'With `true` nothing is recorded and nothing is sent; context still travels.',
  ),
  OTEL_SERVICE_NAME: text,
  OTEL_RESOURCE_ATTRIBUTES: text,
  OTEL_NODE_RESOURCE_DETECTORS: listOf([...RESOURCE_DETECTORS, 'all', 'none'] as const),
  OTEL_LOG_LEVEL: oneOf(DIAGNOSTIC_LEVELS),

  ...forms('OTEL_EXPORTER_OTLP'),
  ...forms('OTEL_EXPORTER_OTLP_TRACES'),
  ...forms('OTEL_EXPORTER_OTLP_METRICS'),
  ...forms('OTEL_EXPORTER_OTLP_LOGS'),
  NESTLENS_OTLP_SPOOL_DIRECTORY: text,

  OTEL_TRACES_EXPORTER: listOf(EXPORTERS),
  OTEL_TRACES_SAMPLER: oneOf(SAMPLERS),
  OTEL_TRACES_SAMPLER_ARG: ratio,
  OTEL_PROPAGATORS: listOf(PROPAGATORS),
  ...batch('OTEL_BSP'),
  OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: count(0),
  OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: count(0),
  OTEL_SPAN_EVENT_COUNT_LIMIT: count(0),
  OTEL_SPAN_LINK_COUNT_LIMIT: count(0),
  OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: count(0),
  OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: count(0),
  OTEL_ATTRIBUTE_COUNT_LIMIT: count(0),
  OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: count(0),

  OTEL_METRICS_EXPORTER: listOf([...EXPORTERS, 'prometheus'] as const),
  OTEL_METRIC_EXPORT_INTERVAL: count(1),
  OTEL_METRIC_EXPORT_TIMEOUT: count(1),
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: oneOf(TEMPORALITIES),
  OTEL_NODE_EXPERIMENTAL_SDK_METRICS: sets(flag, 'Metrics of the SDK itself. Default: false.'),
  OTEL_EXPORTER_PROMETHEUS_HOST: sets(
    text,
    'The address that the exporter `prometheus` binds. Default: `localhost`.',
  ),
  OTEL_EXPORTER_PROMETHEUS_PORT: sets(
    count(0, 65_535),
    'The port of the exporter `prometheus`. Default: 9464.',
  ),

  OTEL_LOGS_EXPORTER: listOf(EXPORTERS),
  ...batch('OTEL_BLRP'),
  OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: sets(
    count(0),
    'Attributes of one log record. Default: `OTEL_ATTRIBUTE_COUNT_LIMIT`, then 128.',
  ),
  OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT: sets(
    count(0),
    'Characters of one value of a log record. Default: `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`, then 4096 with the engine `nestlens`, no limit with `sdk`.',
  ),

  OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS: words,
  OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN: sets(
    listOf(['logs', 'logs/dup'] as const),
    'Where an exception is recorded: `logs` as a log record, `logs/dup` as both. Default: as an event of the span.',
  ),

  OTEL_CONFIG_FILE: sets(text, NOT_READ),
  OTEL_EXPERIMENTAL_CONFIG_FILE: sets(text, NOT_READ),

  NODE_ENV: text,
  KUBERNETES_SERVICE_HOST: sets(
    text,
    'Kubernetes sets it: the detector `k8s` and the default of `shutdown.drainMs` tell by it.',
  ),
  HOSTNAME: pod('k8s.pod.name'),
  K8S_POD_NAME: pod('k8s.pod.name'),
  POD_NAME: pod('k8s.pod.name'),
  K8S_POD_UID: pod('k8s.pod.uid'),
  POD_UID: pod('k8s.pod.uid'),
  K8S_NAMESPACE_NAME: pod('k8s.namespace.name'),
  K8S_NAMESPACE: pod('k8s.namespace.name'),
  POD_NAMESPACE: pod('k8s.namespace.name'),
  K8S_NODE_NAME: pod('k8s.node.name'),
  NODE_NAME: pod('k8s.node.name'),
  K8S_CONTAINER_NAME: pod('k8s.container.name'),
  CONTAINER_NAME: pod('k8s.container.name'),
  K8S_DEPLOYMENT_NAME: pod('k8s.deployment.name'),
  K8S_CLUSTER_NAME: pod('k8s.cluster.name'),
} as const satisfies Readonly<Record<string, Variable<unknown>>>;

export type VariableName = keyof typeof VARIABLES;

export type ValueOf<N extends VariableName> = NonNullable<
  ReturnType<(typeof VARIABLES)[N]['read']>
>;

/** The variable of one signal, and that of all. */
export type VariablesOf = <S extends DestinationSuffix>(
  suffix: S,
) => readonly [SignalVariable<S>, SharedVariable<S>];
