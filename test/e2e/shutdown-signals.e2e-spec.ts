import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { useLeakCheck } from '@nestlens/testing';
import { PLATFORMS, ask } from './health-app.js';
import type { Answer } from './health-app.js';

const ROOT = new URL('../..', import.meta.url);

interface Ended {
  code: number | null;
  signal: string | null;
  lines: string[];
}

/** Runs the service of shutdown-app.ts. `listen` gets each of its lines. */
async function run(
  args: string[],
  listen: (line: string, child: ChildProcess) => void,
): Promise<Ended> {
  const child = spawn(
    process.execPath,
    ['--import', './test/e2e/typescript.mjs', 'test/e2e/shutdown-app.ts', ...args],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    listen(line, child);
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, lines };
}

useLeakCheck();

describe.each(PLATFORMS)('SIGTERM to a service on %s', (platform) => {
  it('ends requests, hooks, telemetry and the process in this order', async () => {
    let answer: Promise<Answer> | undefined;
    const ended = await run([platform, 'none'], (line, child) => {
      if (line.startsWith('port ')) answer = ask(Number(line.slice(5)), '/slow');
      if (line === 'request begun') child.kill('SIGTERM');
    });
    expect((await answer)?.body).toBe('done');
    expect(ended.lines.slice(1)).toEqual([
      'request begun',
      'readiness-off',
      'drain',
      'stop-intake',
      'in-flight',
      'request ended',
      'onModuleDestroy',
      'beforeApplicationShutdown',
      'signals sent',
      'onApplicationShutdown SIGTERM',
      'signals sent',
      'metrics sent',
      'exit',
    ]);
    // Nest sends itself the signal again. A shell shows that as 143.
    expect([ended.code, ended.signal]).toEqual([null, 'SIGTERM']);
  });

  it('starts one shutdown, even if a second signal comes', async () => {
    const ended = await run([platform, 'none'], (line, child) => {
      if (line.startsWith('port ')) child.kill('SIGTERM');
      if (line === 'drain') child.kill('SIGINT');
    });
    expect(ended.lines.filter((line) => line === 'metrics sent')).toHaveLength(1);
    expect(ended.signal).toBe('SIGTERM');
  });
});

describe('SIGTERM to a service whose', () => {
  const signalled = (fault: string): Promise<Ended> =>
    run(['express', fault], (line, child) => {
      if (line.startsWith('port ')) child.kill('SIGTERM');
    });

  it('hook hangs still flushes, and ends by force', async () => {
    const { code, lines } = await signalled('hook hangs');
    expect(lines.slice(-4)).toEqual(['onModuleDestroy', 'signals sent', 'metrics sent', 'exit']);
    expect(code).toBe(1);
  });

  it('server fails to close sends its spans before Nest ends the process', async () => {
    const { code, lines } = await signalled('server fails to close');
    expect(lines.slice(-2)).toEqual(['beforeApplicationShutdown', 'signals sent']);
    expect(code).toBe(1);
  });
});
