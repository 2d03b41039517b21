import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const BUILD_MS = 180_000;

/** Runs `tsc -b` and reports each project that it builds. Throws with the compiler's output. */
export async function build(
  root: string,
  signal: AbortSignal,
  onProject: (name: string) => void,
): Promise<void> {
  const late = AbortSignal.timeout(BUILD_MS);
  const tsc = join(root, 'node_modules', '@typescript', 'native', 'bin', 'tsc');
  const child = spawn(process.execPath, [tsc, '-b', '--verbose', '--pretty', 'false'], {
    cwd: root,
    detached: true,
    signal: AbortSignal.any([signal, late]),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      said.push(line);
      const project = /Building project '(.+)\/tsconfig\.json'/.exec(line)?.[1];
      if (project !== undefined) onProject(project);
    });
  }
  const code = await new Promise<number | null>((resolve) => {
    child.on('error', (error) => said.push(error.message));
    child.on('close', resolve);
  });
  signal.throwIfAborted();
  if (late.aborted) throw new Error(`tsc -b: not within ${BUILD_MS / 1000} s`);
  if (code !== 0) {
    const faults = said.filter((line) => line.includes('error'));
    throw new Error(`tsc -b failed:\n${(faults.length > 0 ? faults : said).join('\n')}`);
  }
}
