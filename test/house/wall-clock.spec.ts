import { projectFiles, read } from './tree.js';
import { timedLines } from './wall-clock.js';

/** Specs that read the clock of the machine, each with its reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'libs/otel/src/http/http-server.context.spec.ts':
    'handlers go on after a timer, and the context must survive it',
};

const specs = projectFiles('*.spec.ts', '*.e2e-spec.ts');

describe('the clock of the machine', () => {
  it('decides no spec, fault specs included', () => {
    expect(specs).toContain('test/faults/network.spec.ts');
    const found = specs
      .filter((file) => !(file in EXCEPTIONS))
      .flatMap((file) =>
        timedLines(read(file)).map(({ line, text, why }) => `${file}:${line}: ${why}: ${text}`),
      );
    expect(found).toEqual([]);
  });

  it('is read in each spec that is an exception', () => {
    const needless = Object.keys(EXCEPTIONS).filter(
      (file) => !specs.includes(file) || timedLines(read(file)).length === 0,
    );
    expect(needless).toEqual([]);
  });

  it.each([
    ['const start = performance.now();', 'a stopwatch'],
    ['const [seconds] = process.hrtime(start);', 'a stopwatch'],
    ['const { user } = process.cpuUsage(start);', 'processor time: a slower machine takes more'],
    ['const before = Date.now();\nexpect(Date.now() - before).toBe(1);', 'a difference of times'],
    ['const endsAt = Date.now();\nwhile (other < endsAt) await turn();', 'a difference of times'],
    ['expect(report.durationMs).toBeLessThan(1500);', 'a bound on a duration'],
    ['expect(spent).not.toBeGreaterThanOrEqual(LONGEST_MS);', 'a bound on a duration'],
    ["expect([kind, tookMs < 1500]).toEqual(['deadline', true]);", 'a bound on a duration'],
    ["import { setTimeout as delay } from 'node:timers/promises';", 'a sleep'],
    ['await new Promise((resolve) => setTimeout(resolve, 20));', 'a sleep'],
    ['await new Promise<void>((resolve) => { setTimeout(() => resolve(), 20); });', 'a sleep'],
    ['Atomics.wait(cell, 0, 0, 20);', 'a sleep'],
    ["it('ends', async () => {}, 5_000);", 'a timeout below that of Jest'],
    ["it.each([1, 2])('ends', () => {}, 5000);", 'a timeout below that of Jest'],
    ['jest.setTimeout(5000);', 'a timeout of its own'],
  ])('is found in %j', (source, why) => {
    expect(
      timedLines(source)
        .map((line) => line.why)
        .join(),
    ).toContain(why);
  });

  it.each([
    'const deadline = Date.now() + 60_000;',
    'expect(clock.now()).toBe(70);',
    'const clock = new ManualClock();\nexpect(seen.elapsedMs).toBeGreaterThanOrEqual(ms);',
    'expect(calls).toBeLessThan(70);',
    "import { setImmediate } from 'node:timers/promises';",
    'const timer = setTimeout(() => {}, 60_000);',
    "it('ends', async () => {}, 600_000);",
  ])('is not found in %j', (source) => {
    expect(timedLines(source)).toEqual([]);
  });
});
