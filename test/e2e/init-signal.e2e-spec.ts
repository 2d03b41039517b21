import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { useLeakCheck } from '@nestlens/testing';

const ROOT = new URL('../..', import.meta.url);

useLeakCheck();

it('SIGTERM during init prints the lines that Nest had buffered, and those of the shutdown', async () => {
  const child = spawn(
    process.execPath,
    ['--import', './test/e2e/typescript.mjs', 'test/e2e/init-signal-app.ts'],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [output, [, signal]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  expect(output.indexOf('waits for a database')).toBeGreaterThan(0);
  expect(output.indexOf('Shutdown took')).toBeGreaterThan(output.indexOf('waits for a database'));
  expect(signal).toBe('SIGTERM');
});
