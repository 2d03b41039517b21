// The project's checks, one after the other: `npm run check` runs the quick ones, `npm test` all, and
// `npm test -- --ci` also those that need more than npm.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Left out of the quick run. */
  readonly slow?: true;
  /** Needs more than npm: for CI. */
  readonly further?: true;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const jest = [
  'node',
  '--experimental-vm-modules',
  '--no-warnings',
  'node_modules/jest/bin/jest.js',
];

const steps: readonly Step[] = [
  { name: 'format', command: ['oxfmt', '--check', '.'] },
  { name: 'build', command: ['tsc', '-b'] },
  // After the build: it reads the typings of the libs.
  {
    name: 'lint',
    command: ['oxlint', '--max-warnings', '0', 'libs', 'apps', 'test', 'tools', 'bench'],
  },
  { name: 'types of specs and tools', command: ['tsc', '-p', 'tsconfig.test.json'] },
  { name: 'unit specs', command: [...jest, 'libs', 'apps'] },
  { name: 'house rules', command: [...jest, 'test/house'] },
  { name: 'regression gate of the export', command: [...jest, 'bench'], slow: true },
  { name: 'end-to-end specs', command: [...jest, 'test/e2e'], slow: true },
  { name: 'faults, a selection', command: ['node', 'test/faults/run.ts', '--quick'], slow: true },
  { name: 'install specs', command: [...jest, 'test/install'], slow: true },
  { name: 'demo', command: ['node', 'tools/demo.ts', '--check'], slow: true },
  { name: 'faults, all of them', command: ['node', 'test/faults/run.ts'], further: true },
  { name: 'interop specs', command: ['node', 'test/interop/run.ts'], further: true },
];

const run = ({ command: [program, ...args] }: Step): Promise<boolean> =>
  new Promise((resolve) => {
    const child = spawn(program ?? '', args, {
      cwd: root,
      stdio: 'inherit',
      shell: process.platform === 'win32',
    });
    child.on('error', (error) => {
      console.error(error.message);
      resolve(false);
    });
    child.on('exit', (code) => resolve(code === 0));
  });

const failed: string[] = [];
const chosen = steps.filter(
  ({ slow, further }) =>
    (slow !== true || process.argv.includes('--all')) &&
    (further !== true || process.argv.includes('--ci')),
);
for (const step of chosen) {
  console.log(`\n=== ${step.name}`);
  const start = performance.now();
  const passed = await run(step);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`=== ${step.name}: ${passed ? 'passed' : 'FAILED'} in ${seconds} s`);
  if (!passed) failed.push(step.name);
}
if (failed.length > 0) console.log(`\nFailed: ${failed.join(', ')}`);
console.log(`\n${chosen.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
