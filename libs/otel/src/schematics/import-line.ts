import type ts from 'typescript';
import type { SourceText } from './source-text.js';

const nameOf = (declaration: ts.ImportDeclaration): string =>
  (declaration.moduleSpecifier as ts.StringLiteral).text;

/** The names that the file imports from a package as values. */
const namedImports = (file: SourceText, from: string): readonly ts.NamedImports[] =>
  file.imports().flatMap((declaration) => {
    const clause = declaration.importClause;
    const bindings = clause?.namedBindings;
    const isTypeOnly = clause !== undefined && file.textOf(clause).startsWith('type ');
    return nameOf(declaration) === from &&
      !isTypeOnly &&
      bindings !== undefined &&
      file.typescript.isNamedImports(bindings)
      ? [bindings]
      : [];
  });

/** The module that `name` is imported from, or `undefined`. */
export const originOf = (file: SourceText, name: string): string | undefined => {
  const declaration = file.imports().find(({ importClause }) => {
    const bindings = importClause?.namedBindings;
    if (importClause?.name?.text === name) return true;
    return (
      bindings !== undefined &&
      file.typescript.isNamedImports(bindings) &&
      bindings.elements.some((element) => element.name.text === name)
    );
  });
  return declaration && nameOf(declaration);
};

/**
 * Imports `name` from a package: in an existing import of the package, or in a new line below the imports of other
 * packages.
 */
export const addImport = (file: SourceText, name: string, from: string): void => {
  const [bindings] = namedImports(file, from);
  if (bindings !== undefined) {
    if (bindings.elements.some((element) => element.name.text === name)) return;
    const [first] = bindings.elements;
    if (first === undefined) file.insert(bindings.getStart(file.source) + 1, ` ${name} `);
    else file.insert(first.getStart(file.source), `${name}, `);
    return;
  }
  const line = `import { ${name} } from ${file.quoted(from)}${file.semicolon}`;
  const imports = file.imports();
  const lastPackage = imports.findLast((declaration) => !nameOf(declaration).startsWith('.'));
  if (lastPackage !== undefined) file.insertBelow(lastPackage, line);
  else file.insert(file.source.statements[0]?.getStart(file.source) ?? 0, `${line}\n`);
};
