// Writes the versions that our packages state of themselves, after a change of a package.json: `npm run versions`.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { versionFiles } from './versions/files.ts';

for (const [path, text] of Object.entries(versionFiles())) {
  writeFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), text);
  console.log(path);
}
