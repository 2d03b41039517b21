// The project's measurements, after `npm run build`: `npm run bench -- <name> [options]`.
//   http      a traced request over bare Nest, on Express and Fastify [--subjects <names>] [--log]
//   grpc      a call to a gRPC server
//   fetch     an outgoing request
//   span      a method with @Span
//   start     CPU time until the first answer [--adapter express|fastify]
//   cold      CPU time of the first requests [--adapter]
//   memory    resident memory, idle and under load [--adapter]
//   series    the series that an idle service exports
//   all       all of these, one after the other
// They take [--quick] [--only <part of a group's name>] [--trials <n>] [--against <other checkout, built>] [--json]
// [--assert: exit code 1 where a must falls short] [--save: keep the figures in bench/results.*].
//   profile   a flame graph [--subject <name>] [--adapter] [--ratio] [--requests] [--against] [--out <file>.svg]
//   export    [--json] [--assert] [--quick] [--only <part of a group's name>] [--fresh <0-10>] [--profile <directory>]
//   encode    [--json]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ALL = ['http', 'grpc', 'fetch', 'span', 'start', 'cold', 'memory', 'series'];

const benches: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(ALL.map((each) => [each, [`${each}/command.ts`]])),
  profile: ['profile/command.ts'],
  export: ['export/command.ts'],
  encode: ['--expose-gc', 'encode.ts'],
};

/** Returns the exit code of the bench. */
async function run(command: readonly string[], options: readonly string[]): Promise<number> {
  const file = fileURLToPath(new URL(command.at(-1) ?? '', import.meta.url));
  const given = [...command.slice(0, -1), file, ...options];
  const [code] = (await once(spawn(process.execPath, given, { stdio: 'inherit' }), 'exit')) as [
    number | null,
  ];
  return code ?? 1;
}

const [name = '', ...options] = process.argv.slice(2);
const chosen = name === 'all' ? ALL : [name];
for (const each of chosen) {
  const command = benches[each];
  if (command === undefined) {
    console.error(`bench: give one of these names: all, ${Object.keys(benches).join(', ')}`);
    process.exitCode = 1;
    break;
  }
  const code = await run(command, options);
  if (code !== 0) process.exitCode = code;
}
