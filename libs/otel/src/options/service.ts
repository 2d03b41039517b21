import type { Environment } from './environment.js';
import type { ServiceOptions } from './otel.options.js';

const LONGEST_NAME = 255;
const NAME = 'OTEL_SERVICE_NAME';

export interface ServiceResult {
  readonly name: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

/** At most 255 characters, and no half of one. */
const cut = (name: string): string =>
  name.length > LONGEST_NAME ? name.slice(0, LONGEST_NAME).toWellFormed() : name;

/** Who this service is: code over `OTEL_SERVICE_NAME`, which the official detector reads too. */
export const resolveService = (
  service: ServiceOptions = {},
  environment: Environment,
): ServiceResult => {
  const given = service.name ?? environment.text(NAME);
  const name = given && cut(given);
  const isCut = name !== given;
  if (isCut && service.name === undefined) {
    environment.warn(NAME, `what is beyond ${LONGEST_NAME} characters is cut off`);
  }
  const named = {
    'service.name': isCut ? name : service.name,
    'service.version': service.version,
    'service.namespace': service.namespace,
    'service.instance.id': service.instanceId,
    'deployment.environment.name': service.environment,
  };
  const attributes = Object.fromEntries(
    Object.entries(named).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const warnings =
    isCut && service.name !== undefined
      ? [`service.name: what is beyond ${LONGEST_NAME} characters is cut off.`]
      : [];
  return { name, attributes, warnings };
};
