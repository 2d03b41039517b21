import { OPTIONS } from '../../libs/otel/src/options/option-table.js';
import type { Option, Section } from '../../libs/otel/src/options/option.js';
import { VARIABLES } from '../../libs/otel/src/options/variables.js';
import type { Variable } from '../../libs/otel/src/options/variables.js';
import { generatedFiles } from '../../tools/options/files.js';
import { wordsOf } from '../../tools/options/words.js';
import { projectFiles, read } from './tree.js';

const optionsIn = (of: Section, path: string): readonly (readonly [string, Option])[] =>
  Object.entries(of.keys).flatMap(([key, part]) => {
    const at = path === '' ? key : `${path}.${key}`;
    return part.kind === 'option' ? [[at, part] as const] : optionsIn(part, at);
  });
const options = optionsIn(OPTIONS, '');
const keyOf = (path: string): string => path.split('.').at(-1) ?? '';

describe('files generated from the tables of options', () => {
  it.each(Object.entries(generatedFiles()))(
    '%s is up to date (npm run options writes it)',
    (path, text) => {
      expect(read(path)).toBe(text);
    },
  );
});

describe('options', () => {
  it('are more than 100', () => {
    expect(options.length).toBeGreaterThan(100);
  });

  it('are described in whole sentences, the default in the last', () => {
    const wrong = options
      .map(([path, option]) => [path, wordsOf(keyOf(path), option)] as const)
      .filter(([, words]) => !/^[A-Z`].*\. Default: [^.\s].*\.$/.test(words));
    expect(wrong).toEqual([]);
  });

  it('have the names of their variables in one table only', () => {
    const own = /^(OTEL_(CONFIG|ENGINE)|NESTLENS_(OTEL|HEALTH)_[A-Z]+)$/;
    const unknown = projectFiles('libs/otel/src/**.ts')
      .filter((file) => !/\.spec\.ts$|\/fixtures\//.test(file))
      .flatMap((file) =>
        [...read(file).matchAll(/(?<=['"])(OTEL|NESTLENS)_[A-Z_]*[A-Z](?=['"])/g)].map(
          ([name]) => [file, name] as const,
        ),
      )
      .filter(([, name]) => !own.test(name) && !(name in VARIABLES) && !isPrefix(name));
    expect(unknown).toEqual([]);
  });
});

/** Names of variables are composed of these parts. */
const isPrefix = (name: string): boolean =>
  Object.keys(VARIABLES).some((known) => known.startsWith(`${name}_`));

describe('environment variables', () => {
  it('are read only by Environment', () => {
    const readers = projectFiles('libs/otel/src/**.ts')
      .filter((file) => !/\.spec\.ts$|\/fixtures\//.test(file))
      .filter((file) =>
        /\bprocess\s*(\?\.|\.)\s*env\b|\benv\b[^;\n]*=\s*process\b/.test(read(file)),
      );
    expect(readers).toEqual(['libs/otel/src/options/environment.ts']);
  });

  it('each set an option, or their table says what they do', () => {
    const page = read('docs/options.md');
    const silent = Object.entries(VARIABLES)
      .filter(([, { sets }]: [string, Variable<unknown>]) => sets === undefined)
      .map(([name]) => name.replace(/^(OTEL_EXPORTER_OTLP)_(TRACES|METRICS|LOGS)_/, '$1_'))
      .filter((name) => !new RegExp(`^\\| \`${name}\`.*\\| \`[a-z]+\\..*\\|$`, 'm').test(page))
      .filter((name) => name !== 'OTEL_EXPORTER_OTLP_TEMPORALITY_PREFERENCE');
    expect(silent).toEqual([]);
  });
});

describe('endpoints of collectors and proxies', () => {
  /** These files parse URLs of other things. */
  const OF_OTHERS = [
    // HTTP calls of the app.
    'libs/otel/src/http/client-target.ts',
    // Files of our own modules.
    'libs/otlp/src/entry.ts',
    'libs/otlp/src/pipeline/worker-thread.ts',
    // Origins of pages.
    'libs/otlp/src/receiver/hosts.ts',
  ];

  it('are parsed in one file', () => {
    const readers = projectFiles('libs/otel/src/**.ts', 'libs/otlp/src/**.ts')
      .filter((file) => !/\.spec\.ts$|\/fixtures\//.test(file))
      .filter((file) => /\bnew URL\(|\bURL\.(canParse|parse)\(/.test(read(file)));
    expect(readers.filter((file) => !OF_OTHERS.includes(file))).toEqual([
      'libs/otlp/src/pool/endpoint.ts',
    ]);
  });
});
