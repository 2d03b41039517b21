import type { Environment } from './environment.js';
import { shown } from './shown.js';
import type { VariableName } from './variables.js';

const NAME = 'OTEL_RESOURCE_ATTRIBUTES';
const LONGEST = 255;
const MOST_NAMED = 5;

const faultOf = (pair: string): string | undefined => {
  const [key = '', value, ...rest] = pair.split('=');
  if (value === undefined) return 'has no "="';
  if (rest.length > 0) return 'has a second "="';
  if (key.trim() === '') return 'has no key';
  try {
    const longest = Math.max(decodeURIComponent(key).length, decodeURIComponent(value).length);
    return longest > LONGEST ? `is longer than ${LONGEST} characters` : undefined;
  } catch {
    return 'is not percent-encoded';
  }
};

const pairsOf = (environment: Environment): readonly string[] =>
  (environment.get(NAME) ?? '').split(',').filter((pair) => pair.trim() !== '');

/** `OTEL_RESOURCE_ATTRIBUTES` as the official detector reads it: empty after any error in it. */
export const resourceVariable = (environment: Environment): Readonly<Record<string, string>> => {
  const pairs = pairsOf(environment);
  if (pairs.some((pair) => faultOf(pair) !== undefined)) return {};
  const entries = pairs.map((pair) =>
    pair.split('=').map((part) => decodeURIComponent(part.trim())),
  );
  return Object.fromEntries(entries) as Record<string, string>;
};

/**
 * Warns of a value of `OTEL_RESOURCE_ATTRIBUTES` that the official detector drops in silence. Source: specification,
 * resource/sdk "Specifying resource information via an environment variable": with any error the whole value is
 * discarded.
 */
export const checkResourceVariable = (environment: Environment): void => {
  const pairs = pairsOf(environment);
  const faulty = pairs.flatMap((pair) => {
    const fault = faultOf(pair);
    return fault === undefined ? [] : [`${shown(NAME, pair.slice(0, 40))} ${fault}`];
  });
  if (faulty.length === 0) return;
  const named = faulty.slice(0, MOST_NAMED).join(', ');
  const more = faulty.length > MOST_NAMED ? `, and ${faulty.length - MOST_NAMED} more` : '';
  environment.warn(NAME, `${named}${more}; none of it is used`);
};

/** Attribute, then the variables by which the Downward API commonly hands it over; the first that is set wins. */
const POD_VARIABLES = [
  ['k8s.pod.name', 'K8S_POD_NAME', 'POD_NAME', 'HOSTNAME'],
  ['k8s.pod.uid', 'K8S_POD_UID', 'POD_UID'],
  ['k8s.namespace.name', 'K8S_NAMESPACE_NAME', 'K8S_NAMESPACE', 'POD_NAMESPACE'],
  ['k8s.node.name', 'K8S_NODE_NAME', 'NODE_NAME'],
  ['k8s.container.name', 'K8S_CONTAINER_NAME', 'CONTAINER_NAME'],
  ['k8s.deployment.name', 'K8S_DEPLOYMENT_NAME'],
  ['k8s.cluster.name', 'K8S_CLUSTER_NAME'],
] as const satisfies readonly (readonly [string, ...VariableName[]])[];

/** Attributes of the pod from variables; undefined if `KUBERNETES_SERVICE_HOST` is not set, which Kubernetes sets. */
export const podOf = (environment: Environment): Readonly<Record<string, string>> | undefined => {
  if (!environment.isSet('KUBERNETES_SERVICE_HOST')) return undefined;
  const pod: Record<string, string> = {};
  for (const [attribute, ...names] of POD_VARIABLES) {
    const found = names.map((name) => environment.get(name)).find((value) => value !== undefined);
    if (typeof found === 'string') pod[attribute] = found;
  }
  return pod;
};
