import { dirname, join } from 'node:path';

/** A name that a file exports. */
export interface Export {
  readonly file: string;
  readonly name: string;
}

const DECLARED =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:const|let|function\*?|class|interface|type|enum) (\w+)/gm;
const NAMED = /(?:^|\n)\s*(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s+from\s+'(\.[^']+)'/g;
const WHOLE =
  /(?:export (?:type )?\* from|import (?:type )?\* as \w+ from|export \* as \w+ from|import\()\s*'(\.[^']+)'/g;

const COMMENTS = /\/\*[^]*?\*\/|^\s*\/\/.*$/gm;

/** Returns the exports that a file declares, without re-exports. */
export const exportsOf = (file: string, source: string): readonly Export[] =>
  [...source.replaceAll(COMMENTS, '').matchAll(DECLARED)].map(([, name = '']) => ({ file, name }));

const targetOf = (file: string, name: string): string =>
  join(dirname(file), name).replace(/\.js$/, '.ts');

/** Returns the imports of a file as `file#name`, or `file#*` for a whole module. */
export const importedBy = (file: string, source: string): readonly string[] => {
  const code = source.replaceAll(COMMENTS, '');
  const named = [...code.matchAll(NAMED)].flatMap(([, list = '', from = '']) =>
    list
      .split(',')
      .map(
        (entry) =>
          entry
            .trim()
            .replace(/^type /, '')
            .split(' ')[0] ?? '',
      )
      .filter((name) => name !== '')
      .map((name) => `${targetOf(file, from)}#${name}`),
  );
  const whole = [...code.matchAll(WHOLE)].map(([, from = '']) => `${targetOf(file, from)}#*`);
  return [...named, ...whole];
};

/** Returns the exports that none of `importers` imports. */
export const unused = (
  exports: readonly Export[],
  importers: readonly (readonly [file: string, source: string])[],
): readonly Export[] => {
  const taken = new Set(importers.flatMap(([file, source]) => importedBy(file, source)));
  return exports.filter(
    ({ file, name }) => !taken.has(`${file}#${name}`) && !taken.has(`${file}#*`),
  );
};
