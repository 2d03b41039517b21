// The project's measurements, after `npm run build`: `npm run bench -- <name> [options]`.
//   export [--json] [--assert] [--quick] [--only <part of a group's name>] [--fresh <0-10>] [--profile <directory>]
//   encode [--json]
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const benches: Readonly<Record<string, readonly string[]>> = {
  export: ['export/command.ts'],
  encode: ['--expose-gc', 'encode.ts'],
  http: ['http/command.ts'],
  start: ['start/command.ts'],
  cold: ['cold/command.ts'],
  memory: ['memory/command.ts'],
  series: ['series/command.ts'],
  grpc: ['grpc/command.ts'],
  fetch: ['fetch/command.ts'],
  span: ['span/command.ts'],
  profile: ['profile/command.ts'],
};

const [name = '', ...options] = process.argv.slice(2);
const command = benches[name];
if (command === undefined) {
  console.error(`bench: say which one: ${Object.keys(benches).join(', ')}`);
  process.exitCode = 1;
} else {
  const file = fileURLToPath(new URL(command.at(-1) ?? '', import.meta.url));
  const child = spawn(process.execPath, [...command.slice(0, -1), file, ...options], {
    stdio: 'inherit',
  });
  child.on('exit', (code) => (process.exitCode = code ?? 1));
}
