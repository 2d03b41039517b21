import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Child } from '../../tools/demo/child.ts';
import { freePorts } from '../../tools/demo/ports.ts';
import { ROOT } from '../../tools/demo/shop.ts';

const STOP_MS = 20_000;
const APP = join(ROOT, 'apps', 'payments');
/**
 * The folder lies within the app, so that the output finds the app's package.json and node_modules. Git ignores
 * it.
 */
const OUTPUT = join(APP, '.nestlens', 'nest-cli');

describe('the Nest CLI in this repository', () => {
  beforeAll(async () => {
    await mkdir(OUTPUT, { recursive: true });
    const compilerOptions = { outDir: OUTPUT, tsBuildInfoFile: join(OUTPUT, '.tsbuildinfo') };
    const config = { extends: '../../tsconfig.json', include: ['../../src'], compilerOptions };
    await writeFile(join(OUTPUT, 'tsconfig.json'), JSON.stringify(config));
  });
  afterAll(() => rm(OUTPUT, { recursive: true, force: true }));

  it('builds an app as tsc does, starts it, and passes SIGTERM on', async () => {
    const { http, grpc } = await freePorts({ http: 0, grpc: 0 });
    const none = { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' };
    const nest = new Child({
      name: 'nest-start',
      args: [
        join(ROOT, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js'),
        // A shell would end at the signal and leave the app running.
        'start',
        'payments',
        '--no-shell',
        '--path',
        relative(ROOT, join(OUTPUT, 'tsconfig.json')),
      ],
      env: {
        ...process.env,
        ...none,
        OTEL_LOGS_EXPORTER: 'none',
        NO_COLOR: '1',
        PORT: String(http),
        GRPC_URL: `127.0.0.1:${grpc}`,
      },
      logs: join(ROOT, '.nestlens', 'e2e'),
    });
    const ready = Promise.withResolvers<void>();
    nest.onLine((line) => {
      if (line.includes('successfully started')) ready.resolve();
    });
    const ended = nest.exited.then(() => {
      throw new Error(`nest start ended. Its last output:\n${nest.tail}`);
    });
    try {
      await Promise.race([ready.promise, ended]);
      expect(await readFile(join(OUTPUT, 'payments.controller.js'), 'utf8')).toBe(
        await readFile(join(APP, 'dist', 'payments.controller.js'), 'utf8'),
      );
    } finally {
      ended.catch(() => undefined);
      expect(await nest.stop(STOP_MS)).toMatchObject({ forced: false });
    }
  });
});
