import {
  defaultResource,
  detectResources,
  hostDetector,
  osDetector,
  processDetector,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import type { DetectedResource, Resource, ResourceDetector } from '@opentelemetry/resources';
import type { OtelConfig } from '../options/otel.config.js';
import type { ResourceDetectorName } from '../options/otel.options.js';
import { SCOPE_NAME } from '../late-bound/own-telemetry.js';
import { VERSION } from '../late-bound/version.js';
import { containerDetector } from './container-detector.js';
import { k8sDetector } from './k8s-detector.js';

/** Semconv calls the arguments opt-in, since they may hold secrets; the official detector sends them. */
const processWithoutArguments: ResourceDetector = {
  detect(config): DetectedResource {
    const { attributes, ...rest } = processDetector.detect(config);
    const kept = { ...attributes };
    delete kept['process.command_args'];
    return { ...rest, attributes: kept };
  },
};

const detectorsFor = ({ detectors: names, pod }: OtelConfig['resource']): ResourceDetector[] => {
  const known: Record<ResourceDetectorName, readonly ResourceDetector[]> = {
    serviceinstance: [serviceInstanceIdDetector],
    process: [processWithoutArguments],
    host: [hostDetector],
    os: [osDetector],
    container: [containerDetector()],
    k8s: [k8sDetector(pod)],
    // The specification's order: OTEL_SERVICE_NAME wins over OTEL_RESOURCE_ATTRIBUTES.
    env: [resourceAttributesEnvDetector, serviceNameEnvDetector],
  };
  // The environment must come last, so that it wins over the detectors.
  const ordered = Object.keys(known) as ResourceDetectorName[];
  return ordered.filter((name) => names.includes(name)).flatMap((name) => known[name]);
};

/** Defaults, then detectors, then environment, then options: the later wins. */
export const buildResource = (config: OtelConfig['resource']): Resource =>
  defaultResource()
    .merge(
      resourceFromAttributes({
        'telemetry.distro.name': SCOPE_NAME,
        'telemetry.distro.version': VERSION,
      }),
    )
    .merge(detectResources({ detectors: detectorsFor(config) }))
    .merge(resourceFromAttributes(config.attributes));
