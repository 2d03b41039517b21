// Writes the packages as they are published, each in a folder of its own: `npm publish .nestlens/packages/otel`.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PUBLISHED, writePackage } from './packages/write-package.ts';

const folder = fileURLToPath(new URL('../.nestlens/packages', import.meta.url));
rmSync(folder, { recursive: true, force: true });
for (const lib of PUBLISHED) {
  await writePackage(lib, join(folder, lib));
  console.log(join('.nestlens', 'packages', lib));
}
