import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { read, root } from '../house/tree.js';
import { blocksOf, folder, pages, writeProject } from './readme-blocks.js';

const exec = promisify(execFile);
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
console.log('options are accepted');
`;

/** Returns the messages of the compiler, or '' without any. */
const compile = async (): Promise<string> => {
  try {
    return (await exec(join(root, 'node_modules', '.bin', 'tsc'), ['-p', folder])).stdout;
  } catch (error) {
    return (error as { readonly stdout: string }).stdout;
  }
};

describe('the code in the README', () => {
  let said = '';
  beforeAll(async () => {
    await writeProject({ 'quick-start.ts': quickStart, 'options.ts': OPTIONS_APP });
    said = await compile();
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('compiles, and so does the code in the packages and guides', () => {
    expect(said).toBe('');
    const all = pages.flatMap((page) => blocksOf(page));
    expect(all.length).toBeGreaterThan(20);
  });

  it('is the same quick start at the root and in the package', () => {
    expect(blocksOf('libs/otel/README.md')[0]).toBe(quickStart);
  });

  it('is a quick start of 15 lines', () => {
    expect(quickStart.trimEnd().split('\n').length).toBeLessThanOrEqual(15);
  });

  it('starts, answers probes and stops', async () => {
    const compiled = join(folder, 'out', 'quick-start.js');
    const source = read('.nestlens/readme/out/quick-start.js');
    expect(source).toContain('app.listen(3000)');
    // Port 3000 may be taken on this machine.
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

  it('shows options that the module accepts', async () => {
    const { stdout } = await exec(process.execPath, [join(folder, 'out', 'options.js')]);
    expect(stdout).toContain('options are accepted');
    expect(stdout).toContain('grpc https://collector.example:4317');
  });
});
