import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Availability } from '@nestlens/otel';
import { useLeakCheck } from '@nestlens/testing';
import { startGrpcApp } from '../../e2e/grpc-health-app.js';
import type { GrpcApp } from '../../e2e/grpc-health-app.js';
import { grpcHealthProbePath, kubeletProberPath } from '../go-commands.js';

const run = promisify(execFile);

useLeakCheck();

let app: GrpcApp;

beforeEach(async () => {
  app = await startGrpcApp({ shutdown: { drainMs: 0 } });
});
afterEach(() => app.close());

/** The verdict of the kubelet's own prober. */
async function kubelet(service: string): Promise<string> {
  const { stdout } = await run(kubeletProberPath(), ['127.0.0.1', `${app.port}`, service]);
  return stdout.trim();
}

/** The exit code of `grpc_health_probe`: 4 is unhealthy, 3 an error of the call. */
async function probe(service: string): Promise<number> {
  const args = [`-addr=127.0.0.1:${app.port}`, `-service=${service}`, '-rpc-timeout=10s'];
  try {
    await run(grpcHealthProbePath(), args);
    return 0;
  } catch (error) {
    return (error as { code: number }).code;
  }
}

const NAMES = ['', 'liveness', 'readiness', 'startup', 'shop.v1.Orders'] as const;

it.each(NAMES)('the probes of Kubernetes take "%s" as well', async (name) => {
  expect(await kubelet(name)).toMatch(/^success/);
  expect(await probe(name)).toBe(0);
});

it('they fail for a name that nobody serves', async () => {
  expect(await kubelet('no.such.Service')).toMatch(/^failure/);
  expect(await probe('no.such.Service')).not.toBe(0);
});

it('they see that the app refuses traffic, and that it is broken', async () => {
  const accept = app.get(Availability).refuse('another instance is the leader');
  for (const name of ['', 'readiness', 'shop.v1.Orders']) {
    expect(await kubelet(name)).toMatch(/^failure .*NOT_SERVING/);
    expect(await probe(name)).toBe(4);
  }
  expect(await kubelet('liveness')).toMatch(/^success/);
  accept();
  app.get(Availability).breakDown('a consumer is stuck');
  expect(await kubelet('liveness')).toMatch(/^failure .*NOT_SERVING/);
  expect(await probe('liveness')).toBe(4);
  expect(await kubelet('readiness')).toMatch(/^success/);
});
