import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

interface NestCli {
  readonly sourceRoot?: string;
  readonly entryFile?: string;
}

const USUAL = ['src/main.ts', 'src/main.js', 'main.ts', 'main.js', 'src/index.ts', 'src/index.js'];

/** The entry of `nest build` by `nest-cli.json`; in a monorepo that of its default app. */
const nestEntries = (project: string): readonly string[] => {
  try {
    const cli = JSON.parse(readFileSync(join(project, 'nest-cli.json'), 'utf8')) as NestCli;
    const { sourceRoot = 'src', entryFile = 'main' } = cli;
    return [join(sourceRoot, `${entryFile}.ts`)];
  } catch {
    return [];
  }
};

/** The path of the file that starts the app, from the project, and the places that were searched. */
export const entryOf = (
  project: string,
  given: string | undefined,
): { readonly entry: string | undefined; readonly tried: readonly string[] } => {
  const tried = given === undefined ? [...new Set([...nestEntries(project), ...USUAL])] : [given];
  const entry = tried.find((path) =>
    statSync(join(project, path), { throwIfNoEntry: false })?.isFile(),
  );
  return { entry, tried };
};
