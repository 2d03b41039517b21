import { SIGNALS } from '@nestlens/otlp';
import type { Environment } from './environment.js';
import type { Fault } from './faults.js';
import type {
  BatchOptions,
  OtelModuleOptions,
  OtlpDestinationOptions,
  OtlpOptions,
} from './otel.options.js';
import { keysOnlyFor } from './option-table.js';
import { OTLP_OPTIONS } from './otlp-table.js';
import { shown } from './shown.js';
import { TRACES_OPTIONS } from './signal-tables.js';
import type { VariableName } from './variables.js';

/** Options of `otlp` for one engine. The other engine works without them, so they are ignored with a warning. */
const ONLY_NESTLENS = keysOnlyFor('nestlens', OTLP_OPTIONS) as readonly (keyof OtlpOptions)[];
/** Options of `traces.batch` and `logs.batch`. `delayMs` of the traces sets when slabs are sealed. */
const ONLY_SDK = keysOnlyFor('sdk', TRACES_OPTIONS.keys.batch) as readonly (keyof BatchOptions)[];
/** The variables of these options, except `OTEL_BSP_SCHEDULE_DELAY`. */
const ONLY_SDK_VARIABLES: readonly VariableName[] = [
  'OTEL_BSP_MAX_QUEUE_SIZE',
  'OTEL_BSP_MAX_EXPORT_BATCH_SIZE',
  'OTEL_BSP_EXPORT_TIMEOUT',
  'OTEL_BLRP_MAX_QUEUE_SIZE',
  'OTEL_BLRP_MAX_EXPORT_BATCH_SIZE',
  'OTEL_BLRP_SCHEDULE_DELAY',
  'OTEL_BLRP_EXPORT_TIMEOUT',
];

const remedyOf = (what: string, instead: string): string =>
  `the engine "sdk" takes no ${what}; ${instead}, or leave otlp.engine at "nestlens"`;

/** The options of a destination that the official exporters cannot follow. */
const faultsOf = (path: string, options: OtlpDestinationOptions): readonly Fault[] => {
  const faults: Fault[] = [];
  const fault = (key: string, value: unknown, remedy: string): void => {
    faults.push({ path: `${path}.${key}`, found: shown(`${path}.${key}`, value), remedy });
  };
  const { auth, compression, endpoint, headers, tls } = options;
  if (compression === 'zstd') fault('compression', compression, remedyOf('zstd', 'write "gzip"'));
  if (typeof headers === 'function') {
    fault('headers', headers, remedyOf('function', 'write an object'));
  }
  for (const [key, value] of Object.entries(auth ?? {})) {
    if (typeof value !== 'function') continue;
    fault(`auth.${key}`, value, remedyOf('function', 'write a string'));
  }
  if (endpoint?.startsWith('unix:')) {
    fault('endpoint', endpoint, remedyOf('unix socket', 'write a URL'));
  }
  for (const key of ['serverName', 'minVersion'] as const) {
    if (tls?.[key] !== undefined) fault(`tls.${key}`, tls[key], remedyOf(key, 'leave it out'));
  }
  return faults;
};

/** Faults of options that the chosen engine cannot follow: passing them over would send telemetry astray. */
export const engineFaults = ({ otlp = {} }: OtelModuleOptions): readonly Fault[] =>
  otlp.engine === 'sdk'
    ? [
        ...faultsOf('otlp', otlp),
        ...SIGNALS.flatMap((signal) => faultsOf(`otlp.${signal}`, otlp[signal] ?? {})),
      ]
    : [];

/** Warnings about options that are ignored because the chosen engine has no use for them. */
export const engineWarnings = (
  options: OtelModuleOptions,
  environment: Environment,
): readonly string[] => {
  const { otlp = {} } = options;
  if (otlp.engine === 'sdk') {
    const keys = ONLY_NESTLENS.filter((key) => otlp[key] !== undefined).map((key) => `otlp.${key}`);
    if (keys.length === 0) return [];
    return [`${keys.join(', ')}: ignored, since only the engine "nestlens" knows it.`];
  }
  const keys = (['traces', 'logs'] as const).flatMap((signal) =>
    ONLY_SDK.filter((key) => options[signal]?.batch?.[key] !== undefined)
      .map((key) => `${signal}.batch.${key}`)
      .filter((path) => path !== 'traces.batch.delayMs'),
  );
  keys.push(...ONLY_SDK_VARIABLES.filter((name) => environment.isSet(name)));
  if (keys.length === 0) return [];
  return [
    `${keys.join(', ')}: ignored, since only the engine "sdk" knows it; see otlp.maxBytes, otlp.sealAfterMs.`,
  ];
};
