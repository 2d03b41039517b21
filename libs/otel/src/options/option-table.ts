import type { Attributes } from '@opentelemetry/api';
import * as v from 'valibot';
import { RESOURCE_DETECTORS } from './option-names.js';
import { option, schemaOf, section } from './option.js';
import type { Option, Section } from './option.js';
import { filled, list, oneOf, ruleOf } from './option-rules.js';
import type { OtlpEngine } from './option-types.js';
import { OTLP_OPTIONS } from './otlp-table.js';
import {
  DIAGNOSTICS_OPTIONS,
  HEALTH_OPTIONS,
  HTTP_OPTIONS,
  RPC_OPTIONS,
  SHUTDOWN_OPTIONS,
} from './room-tables.js';
import { LOGS_OPTIONS, METRICS_OPTIONS, TRACES_OPTIONS } from './signal-tables.js';

const service = section('ServiceOptions', 'The identity of this service.', {
  name: option(filled, {
    text: 'The resource attribute `service.name`. What is beyond 255 characters is cut off with a warning.',
    defaultText:
      '`resource.attributes`, then `OTEL_SERVICE_NAME`, then `OTEL_RESOURCE_ATTRIBUTES`, then `unknown_service:node`',
  }),
  version: option(filled, { text: 'The resource attribute `service.version`.' }),
  namespace: option(filled, { text: 'The resource attribute `service.namespace`.' }),
  instanceId: option(filled, {
    text: 'The resource attribute `service.instance.id`.',
    defaultText: 'a random UUID of this start',
  }),
  environment: option(filled, { text: 'The resource attribute `deployment.environment.name`.' }),
});

const simpleAttribute = v.union(
  [
    v.string(),
    v.number(),
    v.boolean(),
    v.array(v.string()),
    v.array(v.number()),
    v.array(v.boolean()),
  ],
  'write a string, a number, a boolean, or an array of one of them',
);

const resource = section('ResourceOptions', 'Attributes of the process beside the service.', {
  attributes: option(
    ruleOf<Attributes>(
      v.record(
        filled.schema as v.GenericSchema<string>,
        simpleAttribute,
        'write an object of attributes',
      ),
      'Attributes',
    ),
    {
      text: 'Attributes of the resource. They win over detectors and `OTEL_RESOURCE_ATTRIBUTES`.',
    },
  ),
  detectors: option(list(oneOf(RESOURCE_DETECTORS, 'ResourceDetectorName'), 'detector names'), {
    text: 'Detectors that describe the process and its host. `process.command_args` is never sent.',
    defaultText: '`OTEL_NODE_RESOURCE_DETECTORS`, then all',
  }),
});

/** All options. `OtelModuleOptions`, their validation and docs/options.md are made from this table. */
export const OPTIONS = section(
  'OtelModuleOptions',
  'Everything that can be set in code. An option in code wins over its `OTEL_*` variable, and the variable wins over the default. Unknown keys and wrong values stop the start, and one message lists every fault.',
  {
    service,
    resource,
    otlp: OTLP_OPTIONS,
    traces: TRACES_OPTIONS,
    metrics: METRICS_OPTIONS,
    logs: LOGS_OPTIONS,
    http: HTTP_OPTIONS,
    rpc: RPC_OPTIONS,
    health: HEALTH_OPTIONS,
    shutdown: SHUTDOWN_OPTIONS,
    diagnostics: DIAGNOSTICS_OPTIONS,
  },
);

/** The shape of `OtelModuleOptions`; unknown keys are faults. */
export const optionsSchema = schemaOf(OPTIONS);

/** The keys of a section that only `engine` knows: options, and sections of nothing else. */
export const keysOnlyFor = (engine: OtlpEngine, { keys }: Section): readonly string[] =>
  Object.entries(keys)
    .filter(([, part]) => isOnlyFor(engine, part))
    .map(([key]) => key);

const isOnlyFor = (engine: OtlpEngine, part: Option | Section): boolean =>
  part.kind === 'option'
    ? part.engine === engine
    : Object.values(part.keys).every((each) => isOnlyFor(engine, each));
