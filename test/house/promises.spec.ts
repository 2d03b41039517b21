import { projectFiles, read } from './tree.js';

const PAGE = 'docs/promises.md';
const rows = read(PAGE)
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\| (promise|-)/.test(line));
const specsIn = (row: string): readonly string[] =>
  [...row.matchAll(/`([\w./-]+\.(?:e2e-)?spec\.ts)`/g)].map((match) => match[1] ?? '');

/** Forms in which a text names a promise, a fault or a bad input by a number that only our own notes explain. */
const NUMBERED = [
  // A promise or a fault, but not a percent-encoded byte.
  /(?<![%\w])[PF]\d{1,2}\b/,
  // A letter and a number in parentheses. V8 is an engine.
  /\((?!V8\))[A-Z]\d{1,3}\)/,
  /\b(?:[Rr]ows?|reliability|inputs?) (?:\d+|%[dis])/,
  // A title that begins with a number and a colon.
  /(?:^\s*|\bit\(|^\s*\]\)\()['"`]\d+[a-z]?: /,
];

describe('promises', () => {
  it('each name a spec that exists', () => {
    expect(rows.length).toBeGreaterThan(30);
    expect(rows.filter((row) => specsIn(row).length === 0)).toEqual([]);
    const known = new Set(projectFiles('*.ts'));
    expect(rows.flatMap(specsIn).filter((spec) => !known.has(spec))).toEqual([]);
  });

  it('are not named by a number, in any spec, comment or page', () => {
    const numbered = projectFiles('*.ts', '*.mjs', '*.md', '*.json')
      .filter((file) => file !== 'package-lock.json')
      .flatMap((file) =>
        read(file)
          .split('\n')
          .flatMap((line, at) =>
            NUMBERED.some((form) => form.test(line)) ? [`${file}:${at + 1}: ${line.trim()}`] : [],
          ),
      );
    expect(numbered).toEqual([]);
  });
});
