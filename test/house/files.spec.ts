import { projectFiles, read } from './tree.js';

/** Files that may be longer, each with its reason. */
const LONGER: Readonly<Record<string, string>> = {};
const LONGEST = 300;
const MEDIAN = 100;

const code = projectFiles('*.ts', '*.mjs', '*.js').filter((file) => !file.includes('/fixtures/'));
const lines = (file: string): number => read(file).split('\n').length - 1;

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

describe('files', () => {
  it('are at most 300 lines long', () => {
    const long = code
      .filter((file) => !(file in LONGER))
      .map((file) => [file, lines(file)] as const)
      .filter(([, count]) => count > LONGEST);
    expect(long).toEqual([]);
  });

  it('have a median of at most 100 lines, lib by lib', () => {
    const homes = new Map<string, number[]>();
    for (const file of code.filter(
      (name) => /^(libs|apps)\/[^/]+\/src\//.test(name) && !name.endsWith('.spec.ts'),
    )) {
      const home = file.split('/').slice(0, 2).join('/');
      homes.set(home, [...(homes.get(home) ?? []), lines(file)]);
    }
    const over = [...homes].filter(([, counts]) => median(counts) > MEDIAN);
    expect(over).toEqual([]);
  });

  it('are not in a room or file named utils, helpers, common, misc, shared, interfaces or types', () => {
    const nameless = code.filter((file) =>
      /\/(utils?|helpers?|common|misc|shared|interfaces|types)(\/|\.ts$)/.test(file),
    );
    expect(nameless).toEqual([]);
  });

  it('are at most one folder below src', () => {
    const deep = code.filter((file) => /^(libs|apps)\/[^/]+\/src\/[^/]+\/[^/]+\/[^/]+$/.test(file));
    expect(deep).toEqual([]);
  });

  it('contain no machine path and no registry', () => {
    const marks = [
      ['', 'work', ''].join('/'),
      ['', 'root', ''].join('/'),
      ['registry', 'npmjs', 'org'].join('.'),
    ];
    const wrong = projectFiles()
      .filter((file) => !/\.(pem|der|png|proto)$|package-lock\.json$/.test(file))
      .filter((file) => marks.some((mark) => read(file).includes(mark)));
    expect(wrong).toEqual([]);
  });

  it('skip no spec and force no exit', () => {
    const marks = [
      /\b(it|test|describe)\.(only|skip|todo)\b/,
      /\bx(it|describe)\(/,
      /--force[E]xit/,
    ];
    const wrong = code
      .filter((file) => marks.some((mark) => mark.test(read(file))))
      .filter((file) => !file.startsWith('test/house/'));
    expect(wrong).toEqual([]);
  });
});
