import { join } from 'node:path';
import ts from 'typescript';

/** Nest and the language call these by their names, on whatever class. */
const HOOKS =
  /^(on(Module(Init|Destroy)|Application(Bootstrap|Shutdown))|beforeApplicationShutdown|configure|toJSON|toString)$/;

/** The program of these sources, in which our packages are their sources as well. */
export function programOf(root: string, files: readonly string[]): ts.Program {
  const options = ts.readConfigFile(join(root, 'tsconfig.base.json'), (path) =>
    ts.sys.readFile(path),
  ).config as {
    readonly compilerOptions: object;
  };
  const { options: base } = ts.convertCompilerOptionsFromJson(options.compilerOptions, root) as {
    readonly options: ts.CompilerOptions;
  };
  return ts.createProgram({
    rootNames: files.map((file) => join(root, file)),
    options: {
      ...base,
      composite: false,
      noEmit: true,
      allowImportingTsExtensions: true,
      types: ['node'],
      paths: {
        '@nestlens/otlp/wire': [join(root, 'libs/otlp/src/wire/index.ts')],
        '@nestlens/otlp/receiver': [join(root, 'libs/otlp/src/receiver/index.ts')],
        '@nestlens/testing/contracts': [join(root, 'libs/testing/src/contracts/index.ts')],
        '@nestlens/*': [join(root, 'libs/*/src/index.ts')],
      },
    },
  });
}

type Owner = ts.ClassDeclaration | ts.InterfaceDeclaration;

/**
 * The methods, accessors and properties of classes, and the methods of interfaces, that nothing in the program uses, as
 * `file#Owner.member`. Left out: what a package exports, since that is for its users, and what a type of another package
 * asks for, since that package uses it.
 */
export function unusedMembers(program: ts.Program, root: string): readonly string[] {
  const checker = program.getTypeChecker();
  const own = program
    .getSourceFiles()
    .filter(({ fileName, isDeclarationFile }) => fileName.startsWith(root) && !isDeclarationFile);
  const used = new Set<ts.Declaration>();
  for (const file of own) for (const symbol of usesIn(file, checker)) add(symbol);
  const usedByName = Map.groupBy(used, nameOf);
  const exported = exportedTypes(own, checker);

  return own.flatMap((file) =>
    file.statements
      .filter(isOwner)
      .filter((owner) => !exported.has(owner))
      .flatMap((owner) =>
        membersOf(owner)
          .filter((member) => !isUsed(member, owner))
          .map(
            (member) => `${file.fileName.slice(root.length)}#${owner.name?.text}.${nameOf(member)}`,
          ),
      ),
  );

  function add(symbol: ts.Symbol | undefined): void {
    for (const declaration of symbol?.declarations ?? []) used.add(declaration);
  }

  function isUsed(member: ts.Declaration, owner: Owner): boolean {
    if (used.has(member)) return true;
    const name = nameOf(member);
    const type = typeOf(owner);
    if (basesOf(owner).some((base) => isForOthers(base.getProperty(name)))) return true;
    // Somebody uses the member of a type as which this one is handed on.
    return (usedByName.get(name) ?? []).some(({ parent }) => isHandedOnAs(type, parent));
  }

  function isHandedOnAs(type: ts.Type, as: ts.Node): boolean {
    if (ts.isTypeLiteralNode(as))
      return checker.isTypeAssignableTo(type, checker.getTypeFromTypeNode(as));
    if (ts.isClassDeclaration(as)) return (type.getBaseTypes() ?? []).includes(typeOf(as));
    if (!ts.isInterfaceDeclaration(as) || type === typeOf(as)) return false;
    // Type parameters of a declaration fit nothing: whatever has the member may be handed on then.
    return as.typeParameters !== undefined || checker.isTypeAssignableTo(type, typeOf(as));
  }

  function typeOf({ name }: Owner): ts.InterfaceType {
    return checker.getDeclaredTypeOfSymbol(checker.getSymbolAtLocation(name!)!) as ts.InterfaceType;
  }

  function basesOf({ heritageClauses }: Owner): readonly ts.Type[] {
    return (heritageClauses ?? []).flatMap(({ types }) =>
      types.map((type) => checker.getTypeAtLocation(type)),
    );
  }

  /** A member that another package asks for, or that ours promises to its users. */
  function isForOthers(symbol: ts.Symbol | undefined): boolean {
    const declarations = symbol?.declarations ?? [];
    return declarations.some(
      (each) => !own.includes(each.getSourceFile()) || exported.has(each.parent),
    );
  }
}

const isOwner = (node: ts.Node): node is Owner =>
  (ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node)) && node.name !== undefined;

const nameOf = (node: ts.Declaration): string =>
  (node as ts.NamedDeclaration).name?.getText() ?? '';

const HIDDEN = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;

function membersOf(owner: Owner): readonly ts.Declaration[] {
  if (ts.isInterfaceDeclaration(owner)) return owner.members.filter(ts.isMethodSignature);
  return owner.members.filter(
    (member) =>
      member.name !== undefined &&
      ts.isIdentifier(member.name) &&
      (!ts.canHaveDecorators(member) || ts.getDecorators(member) === undefined) &&
      (ts.getCombinedModifierFlags(member) & HIDDEN) === 0 &&
      !HOOKS.test(member.name.text),
  );
}

/** The members that the code of a file reads or calls. */
function usesIn(file: ts.SourceFile, checker: ts.TypeChecker): readonly (ts.Symbol | undefined)[] {
  const found: (ts.Symbol | undefined)[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node)) found.push(checker.getSymbolAtLocation(node.name));
    if (ts.isElementAccessExpression(node)) {
      found.push(checker.getSymbolAtLocation(node.argumentExpression));
    }
    if (ts.isObjectBindingPattern(node)) {
      const type = checker.getTypeAtLocation(node);
      for (const { propertyName, name } of node.elements) {
        found.push(type.getProperty((propertyName ?? name).getText()));
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** The classes and interfaces that packages export. */
function exportedTypes(
  files: readonly ts.SourceFile[],
  checker: ts.TypeChecker,
): ReadonlySet<ts.Node> {
  const doors = files.filter(({ fileName }) =>
    /\/(index|worker|entry|entry-cjs)\.ts$/.test(fileName),
  );
  return new Set<ts.Node>(
    doors.flatMap((door) => {
      const module = checker.getSymbolAtLocation(door);
      return (module ? checker.getExportsOfModule(module) : []).flatMap((symbol) => {
        const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
        const target = isAlias ? checker.getAliasedSymbol(symbol) : symbol;
        // A constant may hold a class.
        const held = checker.getTypeOfSymbol(target).symbol as ts.Symbol | undefined;
        return [...(target.declarations ?? []), ...(held?.declarations ?? [])];
      });
    }),
  );
}
