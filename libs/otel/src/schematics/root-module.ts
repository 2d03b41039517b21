import type ts from 'typescript';
import { addImport } from './import-line.js';
import type { SourceText } from './source-text.js';

/** The steps that failed, and the lines to write by hand. The file is unchanged then. */
export interface Undone {
  readonly reason: string;
  readonly remedy: string;
}

const PACKAGE = '@nestlens/otel';

/** Puts `OtelModule` first into the imports of the class that has `@Module()`. */
export const addOtelModule = (
  file: SourceText,
  className: string,
  service: string | undefined,
): Undone | undefined => {
  const options = service === undefined ? '' : `{ service: { name: ${file.quoted(service)} } }`;
  const entry = `OtelModule.forRoot(${options})`;
  const undone = (reason: string): Undone => ({
    reason,
    remedy: `import { OtelModule } from '${PACKAGE}' and put ${entry} into the imports of the root module`,
  });
  const decorator = moduleDecorator(file, className);
  if (decorator === undefined) return undone(`has no class ${className} with @Module()`);
  const [metadata] = decorator.arguments;
  if (metadata === undefined) {
    file.insert(decorator.getEnd() - 1, `{ imports: [${entry}] }`);
  } else {
    const reason = addToMetadata(file, metadata, entry);
    if (reason !== undefined) return undone(reason);
  }
  addImport(file, 'OtelModule', PACKAGE);
  return undefined;
};

const moduleDecorator = (file: SourceText, className: string): ts.CallExpression | undefined => {
  const { typescript } = file;
  return file
    .find((node): node is ts.ClassDeclaration => typescript.isClassDeclaration(node))
    .filter(({ name }) => name?.text === className)
    .flatMap((declaration) => typescript.getDecorators(declaration) ?? [])
    .map(({ expression }) => expression)
    .find(
      (expression): expression is ts.CallExpression =>
        typescript.isCallExpression(expression) && file.textOf(expression.expression) === 'Module',
    );
};

/** Returns why it could not. */
const addToMetadata = (
  file: SourceText,
  metadata: ts.Expression,
  entry: string,
): string | undefined => {
  const { typescript } = file;
  if (!typescript.isObjectLiteralExpression(metadata)) return 'gives @Module() no object literal';
  const imports = metadata.properties.find(
    ({ name }) => name !== undefined && file.textOf(name).replaceAll(/['"]/g, '') === 'imports',
  );
  if (imports === undefined) {
    file.insertFirst(metadata, metadata.properties, `imports: [${entry}]`);
    return undefined;
  }
  if (
    !typescript.isPropertyAssignment(imports) ||
    !typescript.isArrayLiteralExpression(imports.initializer)
  ) {
    return 'gives its imports as no array literal';
  }
  file.insertFirst(imports.initializer, imports.initializer.elements, entry);
  return undefined;
};
