import type ts from 'typescript';

export type TypeScript = typeof ts;

interface Insertion {
  readonly at: number;
  readonly text: string;
}

/**
 * One file of the app: its syntax tree to look for places, and insertions at them. Only the insertions change it, in
 * the file's own line endings and quotes.
 */
export class SourceText {
  readonly typescript: TypeScript;
  readonly source: ts.SourceFile;
  readonly newline: '\n' | '\r\n';
  readonly #text: string;
  readonly #insertions: Insertion[] = [];

  constructor(typescript: TypeScript, path: string, text: string) {
    this.typescript = typescript;
    this.#text = text;
    this.source = typescript.createSourceFile(
      path,
      text,
      typescript.ScriptTarget.Latest,
      /* setParentNodes */ true,
    );
    this.newline = text.includes('\r\n') ? '\r\n' : '\n';
  }

  /** Texts at one place come in the order in which they were inserted. */
  insert(at: number, text: string): void {
    this.#insertions.push({ at, text: text.replaceAll('\n', this.newline) });
  }

  /** Adds a line of its own below `node`, and below a comment on the same line. */
  insertBelow(node: ts.Node, line: string): void {
    const [comment = ''] = /^[ \t]*\/\/[^\r\n]*/.exec(this.#text.slice(node.getEnd())) ?? [];
    this.insert(node.getEnd() + comment.length, `\n${this.indentOf(node)}${line}`);
  }

  /** Adds the first item of a list after its bracket, on a line of its own if the other items have one. */
  insertFirst(list: ts.Node, [first]: readonly ts.Node[], text: string): void {
    const at = list.getStart(this.source) + 1;
    const padding = this.typescript.isObjectLiteralExpression(list) ? ' ' : '';
    if (first === undefined) this.insert(at, `${padding}${text}${padding}`);
    else if (this.#endsLineAt(at)) this.insert(at, `\n${this.indentOf(first)}${text},`);
    else this.insert(at, padding === '' ? `${text}, ` : `${padding}${text},`);
  }

  /** The file with the insertions. */
  toString(): string {
    const ordered = this.#insertions.toSorted((a, b) => a.at - b.at);
    let end = 0;
    const parts = ordered.flatMap(({ at, text }) => {
      const before = this.#text.slice(end, at);
      end = at;
      return [before, text];
    });
    return [...parts, this.#text.slice(end)].join('');
  }

  textOf(node: ts.Node): string {
    return node.getText(this.source);
  }

  /** Every node for which `isWanted` holds, in the order of the text. */
  find<N extends ts.Node>(isWanted: (node: ts.Node) => node is N): readonly N[] {
    const found: N[] = [];
    const visit = (node: ts.Node): void => {
      if (isWanted(node)) found.push(node);
      this.typescript.forEachChild(node, visit);
    };
    visit(this.source);
    return found;
  }

  calls(): readonly ts.CallExpression[] {
    return this.find((node) => this.typescript.isCallExpression(node));
  }

  imports(): readonly ts.ImportDeclaration[] {
    return this.source.statements.filter((node) => this.typescript.isImportDeclaration(node));
  }

  /** The white space before the line on which `node` begins. */
  indentOf(node: ts.Node): string {
    const { line } = this.source.getLineAndCharacterOfPosition(node.getStart(this.source));
    const start = this.source.getPositionOfLineAndCharacter(line, 0);
    return /^[ \t]*/.exec(this.#text.slice(start))?.[0] ?? '';
  }

  /** Whether the rest of the line after `at` is only white space or a line comment. */
  #endsLineAt(at: number): boolean {
    return /^[ \t]*(?:\/\/[^\n]*)?\r?\n/.test(this.#text.slice(at));
  }

  get semicolon(): ';' | '' {
    const { statements } = this.source;
    return statements.length === 0 || statements.some((node) => this.textOf(node).endsWith(';'))
      ? ';'
      : '';
  }

  quoted(value: string): string {
    const [first] = this.imports();
    const quote = first !== undefined && this.textOf(first.moduleSpecifier)[0] === '"' ? '"' : "'";
    return `${quote}${value}${quote}`;
  }
}
