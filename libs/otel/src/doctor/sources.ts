import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { shownPath } from './project.js';

/** One file for the checks, without its comments. Its lines keep their numbers. */
export interface Source {
  /** The path, relative to the project. */
  readonly path: string;
  readonly text: string;
}

/** Something that happens while the files are imported, in the order in which Node runs it. */
export type ImportEvent =
  | {
      readonly kind: 'package';
      readonly name: string;
      readonly path: string;
      readonly line: number;
    }
  | { readonly kind: 'file'; readonly source: Source };

const MOST_FILES = 2000;
const MOST_BYTES = 1024 * 1024;

const STRING_OR_COMMENT =
  /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

/** Comments become spaces, so that code in comments is not found, and lines keep their numbers. */
const withoutComments = (text: string): string =>
  text.replace(STRING_OR_COMMENT, (part) =>
    part.startsWith('//') || part.startsWith('/*') ? part.replace(/[^\n]/g, ' ') : part,
  );

/** Values only: types are gone when the app runs. */
const IMPORT =
  /^[ \t]*(?:import|export)\s+(?!type\b)(?:[^'"`;]*?\sfrom\s+)?['"]([^'"\n]+)['"]|\brequire\(\s*['"]([^'"\n]+)['"]\s*\)/gm;

export const lineAt = (text: string, index: number): number =>
  text.slice(0, index).split('\n').length;

const isFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** The file that a relative import names: TypeScript writes `.js` for a file that is `.ts` on the disk. */
const fileOf = (from: string, name: string): string | undefined => {
  const path = resolve(dirname(from), name);
  const bare = path.replace(/\.([cm]?)js$/, '');
  const [, kind = ''] = /\.([cm]?)js$/.exec(path) ?? [];
  return [
    path,
    `${bare}.${kind}ts`,
    `${path}.ts`,
    `${path}.js`,
    join(path, 'index.ts'),
    join(path, 'index.js'),
  ].find(isFile);
};

const sourceAt = (project: string, path: string): Source | undefined => {
  try {
    if (statSync(path).size > MOST_BYTES) return undefined;
    return { path: shownPath(project, path), text: withoutComments(readFileSync(path, 'utf8')) };
  } catch {
    return undefined;
  }
};

/**
 * The events of importing `entry`, in order: each import with all that it imports, then the file itself. Follows relative
 * paths only, not `paths` of a tsconfig, and reads imports by a pattern, not by a parser.
 */
export const importEvents = (project: string, entry: string): readonly ImportEvent[] => {
  const events: ImportEvent[] = [];
  const seen = new Set<string>();
  const follow = (file: string): void => {
    if (seen.has(file) || seen.size >= MOST_FILES) return;
    seen.add(file);
    const source = sourceAt(project, file);
    if (source === undefined) return;
    for (const match of source.text.matchAll(IMPORT)) {
      const name = match[1] ?? match[2] ?? '';
      const next = name.startsWith('.') ? fileOf(file, name) : undefined;
      if (next !== undefined) follow(next);
      else if (!name.startsWith('.')) {
        const line = lineAt(source.text, match.index + match[0].length);
        events.push({ kind: 'package', name, path: source.path, line });
      }
    }
    events.push({ kind: 'file', source });
  };
  follow(entry);
  return events;
};
