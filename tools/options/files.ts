import { optionsPage } from './page.js';
import { typeFiles } from './type-files.js';

/** Everything that is generated, by its path in the project. */
export const generatedFiles = (): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(
    Object.entries(typeFiles()).map(([name, text]) => [`libs/otel/src/options/${name}`, text]),
  ),
  'docs/options.md': optionsPage(),
});
