import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { read, root } from '../house/tree.js';

const COMMAND = join(root, 'libs/otel/dist/doctor/nestlens.js');

export interface Finding {
  readonly state: 'ok' | 'warning' | 'fault' | 'not checked';
  readonly text: string;
  readonly remedy?: string;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The checks by name; empty without `--json`. */
  readonly findings: Readonly<Record<string, Finding>>;
}

const manifest = (name: string, version: string): string => JSON.stringify({ name, version });
const own = (lib: string): string => read(`libs/${lib}/package.json`);

/** The files of a small app on Nest 12 without a fault, by path. */
export const SOUND: Readonly<Record<string, string>> = {
  'package.json': '{ "type": "module", "scripts": { "start": "node dist/main.js" } }',
  'node_modules/@nestlens/otel/package.json': own('otel'),
  'node_modules/@nestlens/otlp/package.json': own('otlp'),
  'node_modules/@nestjs/common/package.json': manifest('@nestjs/common', '12.5.1'),
  'node_modules/@nestjs/core/package.json': manifest('@nestjs/core', '12.5.1'),
  'node_modules/@opentelemetry/api/package.json': manifest('@opentelemetry/api', '1.10.0'),
  'node_modules/@opentelemetry/sdk-trace/package.json': manifest(
    '@opentelemetry/sdk-trace',
    '3.1.0',
  ),
  'node_modules/reflect-metadata/package.json': manifest('reflect-metadata', '0.2.2'),
  'node_modules/rxjs/package.json': manifest('rxjs', '7.8.2'),
  'src/app.module.ts': `import { Module } from '@nestjs/common';
import { OtelModule } from '@nestlens/otel';
@Module({ imports: [OtelModule.forRoot({ service: { name: 'orders' } })] })
export class AppModule {}
`,
  'src/main.ts': `import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
const app = await NestFactory.create(AppModule, { bufferLogs: true });
// Docker sends SIGTERM: https://docs.docker.com
app.enableShutdownHooks(['SIGTERM']);
await app.listen(3000);
`,
};

/** A temporary project folder with these files. */
export class DoctorProject {
  readonly folder = mkdtempSync(join(tmpdir(), 'nestlens-doctor-'));

  constructor(files: Readonly<Record<string, string>> = SOUND) {
    for (const [path, text] of Object.entries(files)) {
      const file = join(this.folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }

  /**
   * Runs the command in the folder. Its environment has PATH, NO_PROXY and `variables`, and no other `OTEL_*`.
   */
  doctor(
    args: readonly string[],
    variables: Readonly<Record<string, string>> = {},
  ): Promise<Ended> {
    const env = { PATH: process.env['PATH'], NO_PROXY: '*', ...variables };
    const options = { cwd: this.folder, env };
    return new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        [COMMAND, ...args],
        options,
        (_error, stdout, stderr) =>
          resolve({
            code: child.exitCode,
            stdout,
            stderr,
            findings: args.includes('--json') && stdout.startsWith('{') ? byCheck(stdout) : {},
          }),
      );
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const byCheck = (text: string): Ended['findings'] => {
  const { checks } = JSON.parse(text) as { checks: readonly (Finding & { check: string })[] };
  return Object.fromEntries(checks.map(({ check, ...finding }) => [check, finding]));
};
