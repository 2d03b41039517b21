import { optionsPage } from './page.js';
import { typeFiles } from './type-files.js';

/** All generated files, by path in the project. */
export const generatedFiles = (): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(
    Object.entries(typeFiles()).map(([name, text]) => [`libs/otel/src/options/${name}`, text]),
  ),
  'docs/options.md': optionsPage(),
});
