import type ts from 'typescript';
import { addImport } from './import-line.js';
import type { Undone } from './root-module.js';
import type { SourceText } from './source-text.js';

const FACTORIES = new Set(['create', 'createMicroservice', 'createApplicationContext']);
const SHUTDOWN = "enableShutdownHooks(['SIGTERM', 'SIGINT'])";

/** A call `NestFactory.create(AppModule)`, and the variable for its app. */
interface AppStart {
  readonly call: ts.CallExpression;
  /** Name of the root module's class. */
  readonly rootModule: string | undefined;
  /** The variable that holds the app, and the statement that fills it. */
  readonly app: { readonly name: string; readonly statement: ts.Statement } | undefined;
}

/** Every place where the file starts an app. */
export const findStarts = (file: SourceText): readonly AppStart[] =>
  file
    .calls()
    .filter(({ expression }) => {
      const [object, method = ''] = file.textOf(expression).split('.');
      return object === 'NestFactory' && FACTORIES.has(method);
    })
    .map((call) => {
      const [root] = call.arguments;
      const isName = root !== undefined && file.typescript.isIdentifier(root);
      return {
        call,
        rootModule: isName ? root.text : undefined,
        app: appOf(file, call),
      };
    });

const appOf = (file: SourceText, call: ts.CallExpression): AppStart['app'] => {
  const { typescript } = file;
  let node: ts.Node = call;
  while (
    typescript.isAwaitExpression(node.parent) ||
    typescript.isParenthesizedExpression(node.parent) ||
    typescript.isAsExpression(node.parent)
  ) {
    node = node.parent;
  }
  const { parent } = node;
  const isAwaited = node !== call;
  if (!isAwaited) return undefined;
  if (typescript.isVariableDeclaration(parent) && typescript.isIdentifier(parent.name)) {
    const statement = parent.parent.parent;
    return typescript.isVariableStatement(statement)
      ? { name: parent.name.text, statement }
      : undefined;
  }
  const isAssigned = typescript.isBinaryExpression(parent) && parent.right === node;
  return isAssigned &&
    typescript.isIdentifier(parent.left) &&
    typescript.isExpressionStatement(parent.parent)
    ? { name: parent.left.text, statement: parent.parent }
    : undefined;
};

/** Hands Nest's log to `OtelLogger`, from the first line on, and lets signals close the app. */
export const addToMain = (file: SourceText, starts: readonly AppStart[]): readonly Undone[] => {
  const [start] = starts;
  const logs = 'app.useLogger(app.get(OtelLogger))';
  if (start?.app === undefined || starts.length > 1) {
    return [
      {
        reason:
          starts.length > 1
            ? 'starts several apps'
            : 'does not put the app of NestFactory.create() into a variable',
        remedy:
          "import { OtelLogger } from '@nestlens/otel', give NestFactory.create() { bufferLogs: true } and call " +
          `${logs} and app.${SHUTDOWN} on the app`,
      },
    ];
  }
  const { name, statement } = start.app;
  const lines: string[] = [];
  const undone: Undone[] = [];
  const called = new Set(file.calls().map(({ expression }) => file.textOf(expression)));
  const ownLogger = ownLoggerOf(file, start.call, called);
  if (ownLogger === undefined) {
    if (!bufferLogs(file, start.call)) {
      undone.push({
        reason: 'gives NestFactory.create() options that are no object literal',
        remedy: 'put bufferLogs: true there',
      });
    }
    addImport(file, 'OtelLogger', '@nestlens/otel');
    lines.push(`${name}.useLogger(${name}.get(OtelLogger))`);
  } else if (ownLogger !== 'OtelLogger') {
    undone.push({ reason: `has ${ownLogger}`, remedy: `call ${logs} where OtelLogger is to log` });
  }
  if (!called.has(`${name}.enableShutdownHooks`)) {
    lines.push(
      `${name}.${SHUTDOWN.replaceAll(/'(\w+)'/g, (_, text: string) => file.quoted(text))}`,
    );
  }
  for (const line of lines) file.insertBelow(statement, `${line}${file.semicolon}`);
  return undone;
};

/** The text of the file's own choice of Nest's logger, if any. */
const ownLoggerOf = (
  file: SourceText,
  call: ts.CallExpression,
  called: ReadonlySet<string>,
): string | undefined => {
  if (file.calls().some((one) => file.textOf(one).endsWith('get(OtelLogger)'))) return 'OtelLogger';
  if ([...called].some((text) => text.endsWith('.useLogger'))) return 'a call of useLogger()';
  return optionNames(file, call).includes('logger') ? 'the option logger' : undefined;
};

const optionsOf = (
  file: SourceText,
  call: ts.CallExpression,
): ts.ObjectLiteralExpression | undefined => {
  const last = call.arguments.slice(1).at(-1);
  return last !== undefined && file.typescript.isObjectLiteralExpression(last) ? last : undefined;
};

const optionNames = (file: SourceText, call: ts.CallExpression): readonly string[] =>
  optionsOf(file, call)?.properties.flatMap(({ name }) => (name ? [file.textOf(name)] : [])) ?? [];

/** Returns whether the option is there now. */
const bufferLogs = (file: SourceText, call: ts.CallExpression): boolean => {
  if (optionNames(file, call).includes('bufferLogs')) return true;
  const options = optionsOf(file, call);
  const last = call.arguments.at(-1);
  if (options !== undefined) {
    file.insertFirst(options, options.properties, 'bufferLogs: true');
    return true;
  }
  // The root module alone, or beside an adapter, which is made in place.
  const isLast =
    call.arguments.length === 1 || (last !== undefined && file.typescript.isNewExpression(last));
  if (last === undefined || !isLast) return false;
  file.insert(last.getEnd(), ', { bufferLogs: true }');
  return true;
};
