import { projectFiles, read } from './tree.js';

const PAGE = 'docs/promises.md';
const rows = read(PAGE)
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\| (promise|-)/.test(line));
const specsIn = (row: string): readonly string[] =>
  [...row.matchAll(/`([\w./-]+\.(?:e2e-)?spec\.ts)`/g)].map((match) => match[1] ?? '');

/** A promise, a fault or a bad input by a number whose table nobody has. Not of a percent-encoded byte. */
const NUMBERED = /(?<![%\w])[PF]\d{1,2}\b|\b(?:rows?|reliability) \d+/;

describe('the promises', () => {
  it('are each held by specs that are there', () => {
    expect(rows.length).toBeGreaterThan(30);
    expect(rows.filter((row) => specsIn(row).length === 0)).toEqual([]);
    const known = new Set(projectFiles('*.ts'));
    expect(rows.flatMap(specsIn).filter((spec) => !known.has(spec))).toEqual([]);
  });

  it('are named in words, here and in every spec, comment and page', () => {
    const numbered = projectFiles('*.ts', '*.mjs', '*.md', '*.json')
      .filter((file) => file !== 'package-lock.json')
      .flatMap((file) =>
        read(file)
          .split('\n')
          .flatMap((line, at) =>
            NUMBERED.test(line) ? [`${file}:${at + 1}: ${line.trim()}`] : [],
          ),
      );
    expect(numbered).toEqual([]);
  });
});
