import { readFileSync } from 'node:fs';
import type { DetectedResource, ResourceDetector } from '@opentelemetry/resources';

const NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

/** Attribute, then the variables by which the Downward API commonly hands it over; the first set wins. */
const VARIABLES: readonly (readonly [string, ...string[]])[] = [
  ['k8s.pod.name', 'K8S_POD_NAME', 'POD_NAME'],
  ['k8s.pod.uid', 'K8S_POD_UID', 'POD_UID'],
  ['k8s.namespace.name', 'K8S_NAMESPACE_NAME', 'K8S_NAMESPACE', 'POD_NAMESPACE'],
  ['k8s.node.name', 'K8S_NODE_NAME', 'NODE_NAME'],
  ['k8s.container.name', 'K8S_CONTAINER_NAME', 'CONTAINER_NAME'],
  ['k8s.deployment.name', 'K8S_DEPLOYMENT_NAME'],
  ['k8s.cluster.name', 'K8S_CLUSTER_NAME'],
];

const namespaceOfServiceAccount = (): string | undefined => {
  try {
    return readFileSync(NAMESPACE_FILE, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
};

/**
 * Kubernetes as a pod sees itself: variables of the Downward API, the host name (the pod's name unless
 * set otherwise) and the service account's namespace. Finds nothing outside a cluster. Asks no API server.
 */
export const k8sDetector = (variables: NodeJS.ProcessEnv): ResourceDetector => ({
  detect(): DetectedResource {
    if (!variables['KUBERNETES_SERVICE_HOST']) return { attributes: {} };
    const attributes: Record<string, string | undefined> = {
      'k8s.pod.name': variables['HOSTNAME'],
      'k8s.namespace.name': namespaceOfServiceAccount(),
    };
    for (const [attribute, ...names] of VARIABLES) {
      const found = names.map((name) => variables[name]).find((value) => value);
      if (found !== undefined) attributes[attribute] = found;
    }
    return { attributes };
  },
});
