#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { doctor } from './doctor.js';
import { printed } from './output.js';

const USAGE = `Usage: nestlens doctor [options]

Looks at the project in the current directory, and sends one export request without items to its collector.

  --options FILE   a JavaScript file whose default export is what OtelModule.forRoot takes; it is run.
                   Without it OTEL_* variables and defaults count, as with OtelModule.forRoot().
  --env-file FILE  variables as node --env-file takes them; those that are set already win
  --entry FILE     the file that starts the app; default: what nest-cli.json says, src/main.ts
  --timeout MS     the longest that one check may take; default: 10000
  --json           the findings as one JSON document
  --help           this text

Exit code: 0; 1 for a fault; 2 where the command itself is wrong.
`;

const OPTIONS = {
  options: { type: 'string' },
  'env-file': { type: 'string' },
  entry: { type: 'string' },
  timeout: { type: 'string', default: '10000' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** The longest wait of a timer of Node, in ms. */
const MOST_TIMEOUT_MS = 2 ** 31 - 1000;

/** Ends the process when the text is written: handles that a file of options left open must not hold it up. */
const end = (text: string, code: number, stream: NodeJS.WriteStream = process.stdout): void => {
  stream.write(text, () => process.exit(code));
};

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  if (values.help) return end(USAGE, 0);
  const limitMs = Number(values.timeout);
  if (!(Number.isInteger(limitMs) && limitMs >= 1 && limitMs <= MOST_TIMEOUT_MS)) {
    throw new Error(`--timeout: a whole number of ms from 1 to ${MOST_TIMEOUT_MS} is needed`);
  }
  if (positionals.length !== 1 || positionals[0] !== 'doctor') {
    throw new Error('the one command is: nestlens doctor');
  }
  if (values['env-file'] !== undefined) process.loadEnvFile(values['env-file']);
  const { entry, options } = values;
  const diagnoses = await doctor({ project: process.cwd(), entry, options, limitMs });
  const code = diagnoses.some(({ state }) => state === 'fault') ? 1 : 0;
  end(printed(diagnoses, values.json), code);
};

main().catch((error: unknown) => {
  end(`nestlens: ${(error as Error).message}\n\n${USAGE}`, 2, process.stderr);
});
