import { basename } from 'node:path';
import type { Attributes } from '@opentelemetry/api';
import type { Environment } from './environment.js';
import type { ServiceOptions } from './otel.options.js';

const LONGEST_NAME = 255;
const NAME = 'OTEL_SERVICE_NAME';

/** The identity of this service in the resource, the reports at start and exit, and the scope of meter and tracer. */
export interface ServiceIdentity {
  readonly name: string;
  /** True if the name was given, false if it is the default. */
  readonly named: boolean;
  readonly version: string | undefined;
}

interface ServiceResult {
  readonly identity: ServiceIdentity;
  readonly attributes: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

/** The other sources of a service's name, from the strongest to the weakest. */
interface ServiceSources {
  /** `resource.attributes` of the options. */
  readonly options: Attributes;
  /** `OTEL_RESOURCE_ATTRIBUTES`, or nothing if it is not read. */
  readonly variable: Readonly<Record<string, string>>;
}

/** At most 255 characters, and no half of one. */
const cut = (name: string): string =>
  name.length > LONGEST_NAME ? name.slice(0, LONGEST_NAME).toWellFormed() : name;

/** By the name of the executable, not its path. [semantic conventions, `service.name`] */
const unnamed = (argv0 = process.argv0): string => {
  const executable = basename(argv0.replaceAll('\\', '/'), '.exe');
  return executable === '' ? 'unknown_service' : `unknown_service:${executable}`;
};

const nonBlank = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value : undefined;

/**
 * The identity of this service: `service` over `resource.attributes` over `OTEL_SERVICE_NAME` over
 * `OTEL_RESOURCE_ATTRIBUTES`, else `unknown_service:node`. The resource has the values found here.
 */
export const resolveService = (
  service: ServiceOptions = {},
  sources: ServiceSources,
  environment: Environment,
): ServiceResult => {
  const first = (key: string): string | undefined =>
    nonBlank(sources.options[key]) ?? nonBlank(sources.variable[key]);
  const inCode = service.name ?? nonBlank(sources.options['service.name']);
  const given = inCode ?? environment.get(NAME) ?? nonBlank(sources.variable['service.name']);
  const name = given === undefined ? unnamed() : cut(given);
  const isCut = given !== undefined && name !== given;
  if (isCut && inCode === undefined) {
    environment.warn(NAME, `what is beyond ${LONGEST_NAME} characters is cut off`);
  }
  const version = service.version ?? first('service.version');
  const known = {
    'service.name': name,
    'service.version': version,
    'service.namespace': service.namespace,
    'service.instance.id': service.instanceId,
    'deployment.environment.name': service.environment,
  };
  const attributes = Object.fromEntries(
    Object.entries(known).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const warnings =
    isCut && inCode !== undefined
      ? [`service.name: what is beyond ${LONGEST_NAME} characters is cut off.`]
      : [];
  return { identity: { name, named: given !== undefined, version }, attributes, warnings };
};
