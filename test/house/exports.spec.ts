import { exportsOf, importedBy, unused } from './exports.js';
import { projectFiles, read } from './tree.js';

/** Names used outside TypeScript: by the schematics' collection, and by package.json. */
const NAMED_OUTSIDE = ['libs/otel/src/schematics/nest-add.ts#nestAdd'];
/** Entry files of the packages. Their exports are for users. */
const DOOR = /^libs\/[^/]+\/src\/(index|worker|entry|entry-cjs)\.ts$|\/src\/[^/]+\/index\.ts$/;
/** `npm run options` writes these files for users, who read each type by itself. */
const GENERATED = /^libs\/otel\/src\/options\/(otel|otlp|room|signal)\.options\.ts$/;

const code = projectFiles('*.ts', '*.mts').filter((file) => !file.endsWith('.d.ts'));
const sources = code.map((file) => [file, read(file)] as const);
const isSpec = (file: string): boolean => /spec\.ts$|\/fixtures\//.test(file);

describe('exports', () => {
  it('and imports are found in a source', () => {
    const source = '/** export const no = 1; */\nexport const a = 1;\nexport abstract class B {}\n';
    expect(exportsOf('x/a.ts', source).map(({ name }) => name)).toEqual(['a', 'B']);
    const importer =
      "import { type B, a as c } from './a.js';\nconst d = await import('../y.js');\n";
    expect(importedBy('x/b.ts', importer)).toEqual(['x/a.ts#B', 'x/a.ts#a', 'y.ts#*']);
    expect(
      unused(exportsOf('x/a.ts', source), [['x/b.ts', "import { a } from './a.js';"]]),
    ).toEqual([{ file: 'x/a.ts', name: 'B' }]);
  });

  it('of otel and otlp are imported by another file', () => {
    const exports = sources
      .filter(([file]) => /^libs\/(otel|otlp)\/src\//.test(file))
      .filter(([file]) => !isSpec(file) && !DOOR.test(file) && !GENERATED.test(file))
      .flatMap(([file, source]) => exportsOf(file, source));
    expect(exports.length).toBeGreaterThan(1000);
    const idle = unused(exports, sources).map(({ file, name }) => `${file}#${name}`);
    expect(idle.filter((name) => !NAMED_OUTSIDE.includes(name))).toEqual([]);
  });
});
