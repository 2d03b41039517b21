// Writes the readers of OTLP's messages, after a change of tools/wire/messages.ts: `npm run wire`.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { wireFiles } from './wire/files.ts';

for (const [path, text] of Object.entries(wireFiles())) {
  writeFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), text);
  console.log(path);
}
