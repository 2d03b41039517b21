import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectFiles, read, root } from './tree.js';

/**
 * Words that the glossary replaced, each with the word to write instead. They are looked for in prose, in file
 * names and in parts of identifiers.
 */
const WORDS: Readonly<Record<string, string>> = {
  lane: "exporter, or the field's word",
  lanes: 'exporters',
  crowd: 'limit, or in flight',
  mourn: 'onWorkerExit',
  bury: 'deletePending',
  buried: 'deleted',
  doom: 'markForDeletion',
  doomed: 'pending delete',
  orphans: 'abandoned spools',
  pardon: 'resetBackoff',
  pardons: 'resets of the backoff',
  pardoned: 'reset',
  surroundings: 'context',
};

/** Whole identifiers that the glossary replaced. Their parts are ordinary words. */
const NAMES: readonly (readonly [name: RegExp, instead: string])[] = [
  [
    /^(append|begin|close|make|nameSealed|seal|sync|syncNames|takeBack|write|writeAll)Now$/,
    '*Sync',
  ],
  [/^homesIn$/, 'SpoolDirectory'],
  [/^Runner(Host|Start|Phase|Thread|Events)?$/, 'ExportWorker, WorkerSupervisor'],
  [/^Own(Batch|Queue)$/, 'HeapBatch, HeapQueue'],
  [/^(B|b)ooksOf$|^Books$/, 'ledgerOf, SignalLedger'],
  [/^(createLeftOut|LeftOutLog|LeftOut)$/, 'Truncation'],
  [/^(booksOf|Books|expectBooksToBalance)$/, 'ledgerOf, SignalLedger'],
  [/^(create)?Consumers$/, 'SendQueue'],
  [/^(Live)?Intake(Options)?$/, 'ExportService, ItemAppender, SourceFinder'],
  [/^[Tt]all(y|ies)$/, 'counts: ItemCounts, OutcomeCounts'],
  [/^ACCOUNTS?$/, 'COUNTERS'],
  [/^(RetryCourse|PeerPace|RetryPauses)$/, 'retry and its schedule'],
];

/** Names of files that the glossary replaced. Their parts are ordinary words. */
const FILES: readonly (readonly [name: RegExp, instead: string])[] = [
  [/\b(left-out|own-queue|runner(-host|-messages)?|spool-books|retry-course)\b/, 'the glossary'],
];

/** These files list the replaced words. */
const EXEMPT: ReadonlySet<string> = new Set(['CHANGELOG.md', 'test/house/words.spec.ts']);

const IDENTIFIER = /[A-Za-z][A-Za-z0-9]*/g;
const PART = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g;

/** Returns the replaced words in a text, each with the word to write. */
const replacedIn = (text: string): readonly string[] => {
  const found = new Set<string>();
  for (const [identifier] of text.matchAll(IDENTIFIER)) {
    for (const [name, instead] of NAMES)
      if (name.test(identifier)) found.add(`${identifier}: write ${instead}`);
    for (const part of identifier.match(PART) ?? []) {
      const word = part.toLowerCase();
      if (Object.hasOwn(WORDS, word)) found.add(`${identifier}: write ${WORDS[word]}`);
    }
  }
  return [...found];
};

/** Rows of the glossary's tables: term, meaning, term of the field, file. */
const terms = read('docs/glossary.md')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => {
    const [, term = '', meaning = '', field = '', file = ''] = line.split('|');
    return {
      term: term.replaceAll(/[` ]/g, ''),
      meaning: meaning.trim(),
      field: field.trim(),
      file: file.replaceAll(/[` ]/g, ''),
    };
  });

describe('the words of the glossary', () => {
  it('are at most 30, each once, with one sentence and the word of the field', () => {
    expect(terms.length).toBeGreaterThan(0);
    expect(terms.length).toBeLessThanOrEqual(30);
    expect(new Set(terms.map(({ term }) => term)).size).toBe(terms.length);
    const poor = terms.filter(
      ({ meaning, field }) => meaning === '' || field === '' || /\.\s|\.$/.test(meaning),
    );
    expect(poor).toEqual([]);
  });

  it('are in the file that the glossary names', () => {
    const missing = terms.filter(
      ({ term, file }) =>
        !existsSync(join(root, file)) || !new RegExp(String.raw`\b${term}\b`).test(read(file)),
    );
    expect(missing).toEqual([]);
  });
});

describe('words that the glossary replaced', () => {
  it('are in no identifier, file name, comment, title or document', () => {
    const files = projectFiles('*.ts', '*.mjs', '*.cjs', '*.js', '*.json', '*.md', '*.html').filter(
      (file) => !EXEMPT.has(file) && !file.endsWith('package-lock.json'),
    );
    const wrong = files.flatMap((file) =>
      replacedIn(`${file}\n${read(file)}`).map((words) => `${file}: ${words}`),
    );
    const misnamed = files.flatMap((file) =>
      FILES.filter(([name]) => name.test(file)).map(([, instead]) => `${file}: see ${instead}`),
    );
    expect([...wrong, ...misnamed]).toEqual([]);
  });

  it('are found as a part of an identifier, in a file name and in prose, and nowhere else', () => {
    expect(replacedIn('class SpoolPardon {}')).toEqual(['SpoolPardon: write resetBackoff']);
    expect(replacedIn('spool/surroundings.spec.ts')).toEqual(['surroundings: write context']);
    expect(replacedIn('// Whoever is Doomed')).toEqual(['Doomed: write pending delete']);
    expect(replacedIn('this.#disk.syncNow()')).toEqual(['syncNow: write *Sync']);
    expect(replacedIn('doomsday(); rightNow(); an orphan span')).toEqual([]);
  });
});
