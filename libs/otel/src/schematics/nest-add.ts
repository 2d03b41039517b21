import { posix } from 'node:path';
import { originOf } from './import-line.js';
import { addToMain, findStarts } from './main-file.js';
import { addOtelModule } from './root-module.js';
import type { Undone } from './root-module.js';
import { SourceText } from './source-text.js';
import type { TypeScript } from './source-text.js';
import { loadTypeScript } from './typescript-api.js';

/** The used part of the `Tree` of `@angular-devkit/schematics`, which comes with the Nest CLI. */
interface ProjectTree {
  read(path: string): { toString(encoding: 'utf8'): string } | null;
  overwrite(path: string, content: string): void;
  getDir(path: string): { visit(visitor: (path: string) => void): void };
}

/** The used part of its `SchematicContext`. */
interface ProjectContext {
  readonly logger: { info(message: string): void; warn(message: string): void };
}

export interface NestAddOptions {
  /** Folder of `main.ts`, from the root of the project. Default: `src`. */
  readonly sourceRoot?: string;
}

/**
 * The schematic that `nest add @nestlens/otel` runs. It adds `OtelModule` to the root module, and to `main.ts` the
 * lines that hand Nest's log to `OtelLogger` and let signals close the app. A second run changes nothing. It does not
 * change a file that it does not understand, and prints the lines to write by hand. It never throws.
 */
export const nestAdd =
  (
    { sourceRoot = 'src' }: NestAddOptions,
    typescript: TypeScript | undefined = loadTypeScript(),
  ): ((tree: ProjectTree, context: ProjectContext) => void) =>
  (tree, { logger }) => {
    const tell = (path: string, { reason, remedy }: Undone): void =>
      logger.warn(`${path} ${reason}. By hand: ${remedy}.`);
    const mainPath = posix.join(sourceRoot, 'main.ts');
    const mainText = textOf(tree, mainPath);
    if (typescript === undefined || mainText === undefined) {
      tell(mainPath, {
        reason: mainText === undefined ? 'is not there' : 'cannot be read without TypeScript',
        remedy:
          'import OtelModule.forRoot() in the root module, and after NestFactory.create(AppModule, { bufferLogs: true }) ' +
          "call app.useLogger(app.get(OtelLogger)) and app.enableShutdownHooks(['SIGTERM', 'SIGINT'])",
      });
      return;
    }
    const main = new SourceText(typescript, mainPath, mainText);
    const starts = findStarts(main);
    const [start] = starts;
    for (const undone of addToMain(main, starts)) tell(mainPath, undone);

    const rootModule = start?.rootModule ?? 'AppModule';
    const rootPath = rootModulePath(tree, main, sourceRoot, rootModule);
    const root =
      rootPath === mainPath
        ? main
        : new SourceText(typescript, rootPath, textOf(tree, rootPath) ?? '');
    const holder = moduleHolder(tree, sourceRoot);
    if (holder === undefined) {
      const undone = addOtelModule(root, rootModule, serviceName(tree, sourceRoot));
      if (undone) tell(rootPath, undone);
    } else {
      logger.info(`${holder} imports OtelModule already.`);
    }
    for (const file of new Set([main, root])) write(tree, file);
  };

const textOf = (tree: ProjectTree, path: string): string | undefined =>
  tree.read(path)?.toString('utf8');

const write = (tree: ProjectTree, file: SourceText): void => {
  const text = file.toString();
  const path = file.source.fileName;
  if (text !== textOf(tree, path) && text !== '') tree.overwrite(path, text);
};

/** The file of the root module, if the main file names it. Otherwise the default file. */
const rootModulePath = (
  tree: ProjectTree,
  main: SourceText,
  sourceRoot: string,
  className: string,
): string => {
  const stock = posix.join(sourceRoot, 'app.module.ts');
  if (declaresClass(main, className)) return main.source.fileName;
  const from = originOf(main, className);
  if (from === undefined) return stock;
  const bare = posix.join(sourceRoot, from.replace(/\.js$/, ''));
  const candidates = [`${bare}.ts`, posix.join(bare, 'index.ts')];
  return candidates.find((path) => textOf(tree, path) !== undefined) ?? stock;
};

const declaresClass = ({ source, typescript }: SourceText, name: string): boolean =>
  source.statements.some((node) => typescript.isClassDeclaration(node) && node.name?.text === name);

/** A file of the app that has `OtelModule.forRoot()` already. */
const moduleHolder = (tree: ProjectTree, sourceRoot: string): string | undefined => {
  let found: string | undefined;
  tree.getDir(sourceRoot).visit((visited) => {
    const path = visited.replace(/^\//, '');
    if (found !== undefined || !path.endsWith('.ts')) return;
    const text = textOf(tree, path) ?? '';
    if (text.includes('@nestlens/otel') && /\bOtelModule\s*\./.test(text)) found = path;
  });
  return found;
};

interface NestCli {
  readonly projects?: Readonly<Record<string, { readonly sourceRoot?: string }>>;
}

/** The project's name in a monorepo, else the package's, without its scope. */
const serviceName = (tree: ProjectTree, sourceRoot: string): string | undefined => {
  const { projects = {} } = json<NestCli>(tree, 'nest-cli.json') ?? {};
  const [project] = Object.entries(projects).find(([, one]) => one.sourceRoot === sourceRoot) ?? [];
  const { name } = json<{ readonly name?: string }>(tree, 'package.json') ?? {};
  return project ?? name?.replace(/^@[^/]*\//, '');
};

const json = <T>(tree: ProjectTree, path: string): T | undefined => {
  try {
    return JSON.parse(textOf(tree, path) ?? 'null') as T;
  } catch {
    return undefined;
  }
};
