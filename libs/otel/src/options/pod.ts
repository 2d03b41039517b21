import type { Environment } from './environment.js';
import type { VariableName } from './variables.js';

/** Attribute, then the variables by which the Downward API commonly hands it over; the first that is set wins. */
const VARIABLES = [
  ['k8s.pod.name', 'K8S_POD_NAME', 'POD_NAME', 'HOSTNAME'],
  ['k8s.pod.uid', 'K8S_POD_UID', 'POD_UID'],
  ['k8s.namespace.name', 'K8S_NAMESPACE_NAME', 'K8S_NAMESPACE', 'POD_NAMESPACE'],
  ['k8s.node.name', 'K8S_NODE_NAME', 'NODE_NAME'],
  ['k8s.container.name', 'K8S_CONTAINER_NAME', 'CONTAINER_NAME'],
  ['k8s.deployment.name', 'K8S_DEPLOYMENT_NAME'],
  ['k8s.cluster.name', 'K8S_CLUSTER_NAME'],
] as const satisfies readonly (readonly [string, ...VariableName[]])[];

/** What variables say of the pod; undefined where `KUBERNETES_SERVICE_HOST` is not set, which Kubernetes does. */
export const podOf = (environment: Environment): Readonly<Record<string, string>> | undefined => {
  if (!environment.isSet('KUBERNETES_SERVICE_HOST')) return undefined;
  const pod: Record<string, string> = {};
  for (const [attribute, ...names] of VARIABLES) {
    const found = names.map((name) => environment.get(name)).find((value) => value !== undefined);
    if (typeof found === 'string') pod[attribute] = found;
  }
  return pod;
};
