// Runs the fault specs: `npm run test:faults [-- --quick | --long] [specs to run]`, after `npm ci`.
//   --quick  a selection that needs no more than a minute or two
//   --long   outages as long as promised, the real defaults, 200 kills; a quarter of an hour
// With CI=true 200 processes are killed in any case. Specs run one after the other, because they measure loops
// and memory.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const QUICK = ['drain', 'http2', 'replies', 'status', 'worker-death'];
const KILLS = { NESTLENS_FAULTS_KILLS: '200' };
const LONG = { NESTLENS_FAULTS_LONG: '1', ...KILLS };

const given = process.argv.slice(2);
const isQuick = given.includes('--quick');
const named = given.filter((each) => each !== '--quick' && each !== '--long');
const wanted = (named.length > 0 ? named : isQuick ? QUICK : ['']).map(
  (name) => `test/faults/${name}`,
);
const jest = (...args: readonly string[]): number =>
  spawnSync(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--no-warnings',
      'node_modules/jest/bin/jest.js',
      '--runInBand',
      ...args,
    ],
    {
      stdio: 'inherit',
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: {
        ...process.env,
        ...(process.env['CI'] === 'true' && KILLS),
        ...(given.includes('--long') && LONG),
      },
    },
  ).status ?? 1;

let status = jest(...wanted);
if (status !== 0 && !isQuick) {
  console.log(
    '\nRunning failed specs once more: other work on the machine spoils one measurement, a fault each.',
  );
  status = jest('--onlyFailures', ...wanted);
}
process.exitCode = status;
