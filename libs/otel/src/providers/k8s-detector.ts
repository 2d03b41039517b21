import { readFileSync } from 'node:fs';
import type { DetectedResource, ResourceDetector } from '@opentelemetry/resources';

const NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

const namespaceOfServiceAccount = (): string | undefined => {
  try {
    return readFileSync(NAMESPACE_FILE, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
};

/**
 * The attributes of Kubernetes that a pod can see: the variables of the Downward API in `pod`, the host name (the pod's
 * name unless set otherwise), and the service account's namespace. Finds nothing outside a cluster. Asks no API server.
 */
export const k8sDetector = (
  pod: Readonly<Record<string, string>> | undefined,
): ResourceDetector => ({
  detect(): DetectedResource {
    if (pod === undefined) return { attributes: {} };
    return { attributes: { 'k8s.namespace.name': namespaceOfServiceAccount(), ...pod } };
  },
});
