import nodeModule from 'node:module';
import { join } from 'node:path';
import type { TypeScript } from './source-text.js';

/**
 * A TypeScript that parses: the project's own, or that of the Nest CLI that runs us, since TypeScript 7.0 has no such
 * API. `undefined` if there is none.
 */
export const loadTypeScript = (): TypeScript | undefined => {
  const here = join(process.cwd(), 'package.json');
  for (const from of [here, process.argv[1] ?? here]) {
    for (const through of ['', '@nestjs/cli/package.json', '@nestjs/schematics/package.json']) {
      const found = requireFrom(from, through);
      if (found?.createSourceFile !== undefined) return found;
    }
  }
  return undefined;
};

const requireFrom = (from: string, through: string): TypeScript | undefined => {
  try {
    const outer = nodeModule.createRequire(from);
    const load = through === '' ? outer : nodeModule.createRequire(outer.resolve(through));
    return load('typescript') as TypeScript;
  } catch {
    return undefined;
  }
};
