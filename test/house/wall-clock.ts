import ts from 'typescript';

/** A line on which a spec is decided by the clock of the machine, or waits for it. */
export interface TimedLine {
  readonly line: number;
  readonly text: string;
  readonly why: string;
}

/**
 * Jest's time limit for a test, from `jest.config.js`. A lower one would depend on the speed of the machine.
 */
const TEST_TIMEOUT_MS = 120_000;
const BOUNDS = /^toBe(Less|Greater)Than(OrEqual)?$|^toBeCloseTo$/;
/** Names of durations. In a spec with a manual clock they are durations of that clock. */
const DURATION =
  /^(ms|millis|seconds|elapsed|took|lasted|latency|duration|lag|pauses?|gap|atOnce|until)$|([a-z](Ms|MS|Millis|Seconds|Elapsed|Duration|Latency))$|^(elapsed|took|duration|latency|lag)[A-Z]|_MS$|_SECONDS$/;
const STOPWATCHES = new Set(['performance.now', 'process.hrtime', 'process.hrtime.bigint']);
const PROCESSOR_TIME = new Set(['process.cpuUsage', 'process.threadCpuUsage']);
const WALL_CLOCKS = new Set(['Date.now']);
const TESTS = new Set(['it', 'test', 'beforeAll', 'beforeEach', 'afterAll', 'afterEach']);

/**
 * Finds these in the source of a spec: stopwatches (`performance.now()`, `process.hrtime()`,
 * `process.cpuUsage()`), which only a measurement needs; differences and comparisons of `Date.now()`; bounds on
 * values whose names are durations; sleeps; and timeouts below Jest's own.
 */
export function timedLines(source: string): readonly TimedLine[] {
  const file = ts.createSourceFile('a.spec.ts', source, ts.ScriptTarget.Latest, true);
  const found: TimedLine[] = [];
  const add = (node: ts.Node, why: string): void => {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    const text = source.split('\n')[line]?.trim() ?? '';
    if (!found.some((each) => each.line === line + 1)) found.push({ line: line + 1, text, why });
  };
  const moments = momentsOf(file);
  const hasManualClock = /\bManualClock\b|\.clock\.(now|advance)\(/.test(source);

  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const called = node.expression.getText();
      if (STOPWATCHES.has(called)) add(node, 'a stopwatch');
      if (PROCESSOR_TIME.has(called)) add(node, 'processor time: a slower machine takes more');
      if (!hasManualClock && isBound(node)) add(node, 'a bound on a duration');
      if (isSleep(node)) add(node, 'a sleep');
      if (called === 'jest.setTimeout') add(node, 'a timeout of its own');
      const limit = timeoutOf(node);
      if (limit !== undefined && limit < TEST_TIMEOUT_MS) add(node, 'a timeout below that of Jest');
    }
    if (ts.isBinaryExpression(node) && isDifference(node) && mentions(node, moments)) {
      add(node, 'a difference of times of the wall clock');
    }
    if (ts.isImportDeclaration(node) && /['"](node:)?timers\/promises['"]/.test(node.getText())) {
      if (/\bsetTimeout\b/.test(node.importClause?.getText() ?? '')) add(node, 'a sleep');
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found.toSorted((a, b) => a.line - b.line);
}

/** Returns the names of variables that hold a time of the wall clock itself. */
function momentsOf(file: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && node.initializer !== undefined) {
      if (isWallClock(node.initializer)) names.add(node.name.getText());
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return names;
}

const isWallClock = (node: ts.Node): boolean =>
  ts.isCallExpression(node) && WALL_CLOCKS.has(node.expression.getText());

const DIFFERENCES = new Set([
  ts.SyntaxKind.MinusToken,
  ts.SyntaxKind.LessThanToken,
  ts.SyntaxKind.LessThanEqualsToken,
  ts.SyntaxKind.GreaterThanToken,
  ts.SyntaxKind.GreaterThanEqualsToken,
]);

const isDifference = (node: ts.BinaryExpression): boolean =>
  DIFFERENCES.has(node.operatorToken.kind);

/** Returns whether an operand is a time of the wall clock, or arithmetic with one. */
function mentions(node: ts.Node, moments: ReadonlySet<string>): boolean {
  if (isWallClock(node)) return true;
  if (ts.isIdentifier(node)) return moments.has(node.text);
  if (ts.isParenthesizedExpression(node)) return mentions(node.expression, moments);
  return ts.isBinaryExpression(node) && [node.left, node.right].some((at) => mentions(at, moments));
}

/**
 * Returns whether the call is `expect(…)` with a duration on either side of a bound, or with a comparison of
 * one in it.
 */
function isBound(call: ts.CallExpression): boolean {
  if (!ts.isPropertyAccessExpression(call.expression)) return false;
  const judged = expected(call.expression.expression);
  if (judged === undefined) return false;
  const sides = [...judged, ...call.arguments];
  if (BOUNDS.test(call.expression.name.text)) return sides.some(namesDuration);
  return judged.some((side) => comparesDuration(side));
}

/** Returns the arguments of `expect` in `expect(…)`, `expect(…).not` and `expect(…).resolves`. */
function expected(node: ts.Expression): readonly ts.Expression[] | undefined {
  if (ts.isPropertyAccessExpression(node)) return expected(node.expression);
  if (!ts.isCallExpression(node)) return undefined;
  return node.expression.getText() === 'expect' ? node.arguments : undefined;
}

function namesDuration(node: ts.Node): boolean {
  if (ts.isIdentifier(node)) return DURATION.test(node.text);
  return ts.forEachChild(node, (child) => namesDuration(child) || undefined) ?? false;
}

function comparesDuration(node: ts.Node): boolean {
  if (ts.isBinaryExpression(node) && isDifference(node) && namesDuration(node)) {
    return node.operatorToken.kind !== ts.SyntaxKind.MinusToken;
  }
  return ts.forEachChild(node, (child) => comparesDuration(child) || undefined) ?? false;
}

/** Returns whether the call is `setTimeout` directly in a `new Promise(…)`, or `Atomics.wait(…)`. */
function isSleep(call: ts.CallExpression): boolean {
  const called = call.expression.getText();
  if (called === 'Atomics.wait') return true;
  if (called !== 'setTimeout' && called !== 'globalThis.setTimeout') return false;
  let above: ts.Node = call.parent;
  while (ts.isArrowFunction(above) || ts.isBlock(above) || ts.isExpressionStatement(above)) {
    above = above.parent;
  }
  return ts.isNewExpression(above) && above.expression.getText() === 'Promise';
}

/** Returns the number argument of `it(name, run, timeout)` and similar calls. */
function timeoutOf(call: ts.CallExpression): number | undefined {
  const base = /^\w+/.exec(call.expression.getText())?.[0] ?? '';
  const last = call.arguments.at(-1);
  if (!TESTS.has(base) || last === undefined || call.arguments.length < 2) return undefined;
  return ts.isNumericLiteral(last) ? Number(last.text) : undefined;
}
