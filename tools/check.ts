// The project's checks. `npm run check` runs the quick ones, `npm test` all of them except those for CI, and
// `npm test -- --ci` also those that need more than npm or more than a few minutes.
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { runSteps } from './check/schedule.ts';
import type { Step } from './check/schedule.ts';

const jest = [
  'node',
  '--experimental-vm-modules',
  '--no-warnings',
  'node_modules/jest/bin/jest.js',
];
/** Runs one spec file after the other, in one process. For few files that start many processes of their own. */
const inBand = [...jest, '--runInBand'];

const steps: readonly Step[] = [
  { name: 'build', command: ['tsc', '-b'] },
  { name: 'format', command: ['oxfmt', '--check', '.'] },
  // Both steps read the typings that the build makes.
  { name: 'lint', command: ['npm', 'run', '--silent', 'lint'], after: ['build'] },
  {
    name: 'types of specs and tools',
    command: ['tsc', '-p', 'tsconfig.test.json'],
    after: ['build'],
  },
  {
    name: 'unit specs and house rules',
    command: [...jest, 'libs/', 'apps/', 'test/house/'],
    alone: true,
  },
  {
    name: 'specs and gates of the benches',
    command: [...inBand, 'bench'],
    slow: true,
    after: ['build'],
  },
  // The end-to-end specs run in two halves, because each mostly waits for processes.
  {
    name: 'end-to-end specs, one half',
    command: [...inBand, 'test/e2e', '--shard=1/2'],
    slow: true,
  },
  {
    name: 'end-to-end specs, the other',
    command: [...inBand, 'test/e2e', '--shard=2/2'],
    slow: true,
  },
  { name: 'install specs', command: [...inBand, 'test/install'], slow: true, after: ['build'] },
  { name: 'demo', command: ['node', 'tools/demo.ts', '--check'], slow: true, after: ['build'] },
  // The faults run alone, because they measure the loop and the memory of the processes that they break.
  { name: 'faults', command: ['node', 'test/faults/run.ts'], further: true, alone: true },
  { name: 'API reference', command: ['typedoc'], further: true, after: ['build'] },
  { name: 'interop specs', command: ['node', 'test/interop/run.ts'], further: true, alone: true },
];

const chosen = steps.filter(
  ({ slow, further }) =>
    (slow !== true || process.argv.includes('--all')) &&
    (further !== true || process.argv.includes('--ci')),
);
const { failed } = await runSteps(chosen, {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  atOnce: Math.max(2, availableParallelism()),
});
if (failed.length > 0) console.log(`\nFailed: ${failed.join(', ')}`);
console.log(`\n${chosen.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
