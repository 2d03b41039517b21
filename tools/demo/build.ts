import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Runs `tsc -b` and tells of each project that it builds. Throws with the compiler's words. */
export async function build(
  root: string,
  signal: AbortSignal,
  onProject: (name: string) => void,
): Promise<void> {
  const tsc = join(root, 'node_modules', '@typescript', 'native', 'bin', 'tsc');
  const child = spawn(process.execPath, [tsc, '-b', '--verbose', '--pretty', 'false'], {
    cwd: root,
    detached: true,
    signal,
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
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  signal.throwIfAborted();
  if (code !== 0) {
    const faults = said.filter((line) => line.includes('error'));
    throw new Error(`tsc -b failed:\n${(faults.length > 0 ? faults : said).join('\n')}`);
  }
}
