import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { read, root } from '../house/tree.js';

const exec = promisify(execFile);
// Inside the checkout, so that packages are found as in an app; ignored by git.
const folder = join(root, '.nestlens', 'readme');

const blocksOf = (file: string): readonly string[] =>
  [...read(file).matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');

const [quickStart = '', options = ''] = blocksOf('README.md');

const OPTIONS_APP = `
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OtelModule } from '@nestlens/otel';
const PG_POOL = Symbol('pool');
@Module({
  imports: [
    ${options.trim().replace(/;$/, '')},
  ],
  providers: [{ provide: PG_POOL, useValue: { ping: () => true } }],
})
class AppModule {}
const app = await NestFactory.createApplicationContext(AppModule);
await app.close();
console.log('options are taken');
`;

const TSCONFIG = {
  extends: '../../tsconfig.base.json',
  compilerOptions: {
    composite: false,
    declaration: false,
    declarationMap: false,
    rootDir: '.',
    outDir: 'out',
  },
  include: ['*.ts'],
};

describe('the code of the README', () => {
  beforeAll(async () => {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    await writeFile(join(folder, 'quick-start.ts'), quickStart);
    await writeFile(join(folder, 'options.ts'), OPTIONS_APP);
    await exec(join(root, 'node_modules', '.bin', 'tsc'), ['-p', folder]);
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is a quick start of 15 lines', () => {
    expect(quickStart.trimEnd().split('\n').length).toBeLessThanOrEqual(15);
  });

  it('starts, answers probes and stops', async () => {
    const compiled = join(folder, 'out', 'quick-start.js');
    const source = read('.nestlens/readme/out/quick-start.js');
    expect(source).toContain('app.listen(3000)');
    // The port may be taken where this runs.
    const anyPort = source.replace('app.listen(3000)', "app.listen(0, '127.0.0.1')");
    await writeFile(compiled, `${anyPort}\nconsole.log('at ' + (await app.getUrl()));\n`);
    const child = spawn(process.execPath, [compiled], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      let url = '';
      for await (const line of createInterface({ input: child.stdout })) {
        url = /^at (http\S+)/.exec(line)?.[1] ?? '';
        if (url !== '') break;
      }
      for (const probe of ['livez', 'readyz', 'startupz']) {
        expect((await fetch(`${url}/${probe}`)).status).toBe(200);
      }
      const ended = once(child, 'exit');
      child.stdout.resume();
      child.kill('SIGTERM');
      expect(await ended).toEqual([null, 'SIGTERM']);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('has options that are taken', async () => {
    const { stdout } = await exec(process.execPath, [join(folder, 'out', 'options.js')]);
    expect(stdout).toContain('options are taken');
    expect(stdout).toContain('grpc https://collector.example:4317');
  });
});
