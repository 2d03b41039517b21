import { optionsPage } from './page.js';
import { typeFiles } from './type-files.js';

/** Returns all generated files, by their path in the project. */
export const generatedFiles = (): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(
    Object.entries(typeFiles()).map(([name, text]) => [`libs/otel/src/options/${name}`, text]),
  ),
  'docs/options.md': optionsPage(),
});
