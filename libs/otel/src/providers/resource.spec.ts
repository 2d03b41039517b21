import { resolveConfig } from '../options/resolve.js';
import type { OtelModuleOptions } from '../options/otel.options.js';
import { buildResource } from './resource.js';

const POD = {
  KUBERNETES_SERVICE_HOST: '10.0.0.1',
  HOSTNAME: 'orders-7d9f-abcde',
  POD_NAMESPACE: 'shop',
  NODE_NAME: 'node-1',
  K8S_POD_UID: 'f00d',
};

const attributesOf = async (options: OtelModuleOptions, variables: NodeJS.ProcessEnv) => {
  const resource = buildResource(resolveConfig(options, variables).resource);
  await resource.waitForAsyncAttributes?.();
  return resource.attributes;
};

describe('buildResource', () => {
  const before = { ...process.env };

  // The official environment detectors read `process.env`.
  beforeEach(() => {
    process.env['OTEL_RESOURCE_ATTRIBUTES'] = 'deployment.environment.name=staging,team=a';
    process.env['OTEL_SERVICE_NAME'] = 'from-env';
  });
  afterEach(() => {
    process.env = { ...before };
  });

  it('describes process, host, OS and distribution, without the command line', async () => {
    const attributes = await attributesOf({}, process.env);
    expect(attributes).toMatchObject({
      'service.name': 'from-env',
      'process.pid': process.pid,
      'process.runtime.name': 'nodejs',
      'os.type': process.platform,
      'telemetry.sdk.name': 'opentelemetry',
      'telemetry.sdk.language': 'nodejs',
      'telemetry.distro.name': '@nestlens/otel',
      'deployment.environment.name': 'staging',
      team: 'a',
    });
    expect(attributes['host.name']).toEqual(expect.any(String));
    expect(attributes['service.instance.id']).toMatch(/^[\da-f-]{36}$/);
    expect(Object.keys(attributes)).not.toContain('process.command_args');
  });

  it('prefers options to detected attributes', async () => {
    const attributes = await attributesOf(
      {
        service: { name: 'orders', version: '1.2.3', namespace: 'shop', instanceId: 'one' },
        resource: { attributes: { team: 'b', replicas: 3 } },
      },
      {},
    );
    expect(attributes).toMatchObject({
      'service.name': 'orders',
      'service.version': '1.2.3',
      'service.namespace': 'shop',
      'service.instance.id': 'one',
      'deployment.environment.name': 'staging',
      team: 'b',
      replicas: 3,
    });
  });

  it('runs only the chosen detectors', async () => {
    const attributes = await attributesOf({ resource: { detectors: ['os'] } }, {});
    expect(attributes['os.type']).toBe(process.platform);
    expect(Object.keys(attributes)).not.toContain('process.pid');
    expect(Object.keys(attributes)).not.toContain('team');
  });

  it('has the attributes of its pod in Kubernetes only', async () => {
    expect(await attributesOf({}, POD)).toMatchObject({
      'k8s.pod.name': 'orders-7d9f-abcde',
      'k8s.namespace.name': 'shop',
      'k8s.node.name': 'node-1',
      'k8s.pod.uid': 'f00d',
    });
    const outside = await attributesOf({}, { HOSTNAME: 'laptop', POD_NAMESPACE: 'x' });
    expect(Object.keys(outside).filter((key) => key.startsWith('k8s.'))).toEqual([]);
  });
});
