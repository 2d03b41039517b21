// `npm run test:interop` runs the pipeline against the OpenTelemetry Collector and grpc-js's server, and the gRPC health
// service against the probes of Kubernetes.
import { spawnSync } from 'node:child_process';
import { buildCommands, NoGoError } from './go-commands.ts';

const JEST = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'];

/** Returns the folder of the specs that can run. Ends the process if CI lacks Go. */
async function choose(): Promise<string> {
  const startedAt = performance.now();
  try {
    const paths = await buildCommands((line) => console.log(line));
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`built in Go: ${paths.join(', ')} (${seconds} s)`);
    return 'test/interop';
  } catch (error) {
    if (!(error instanceof NoGoError)) throw error;
    if (process.env['CI'] === 'true') {
      console.error(`FAILED: ${error.message}. In CI its specs are not skipped.`);
      process.exit(1);
    }
    console.warn(
      `SKIPPED: all specs with the OpenTelemetry Collector and the probes of Kubernetes. ${error.message}.`,
    );
    return 'test/interop/grpc-js';
  }
}

const { status } = spawnSync(
  process.execPath,
  [...JEST, await choose(), ...process.argv.slice(2)],
  { stdio: 'inherit', cwd: new URL('../..', import.meta.url) },
);
process.exitCode = status ?? 1;
