import { jsonSource } from './json.ts';
import { MESSAGES } from './messages.ts';
import { protobufSource } from './protobuf.ts';

const ABOUT = '// Written by `npm run wire` from tools/wire/messages.ts.';

/** Returns all generated files, by their path in the project. */
export const wireFiles = (): Readonly<Record<string, string>> => ({
  ...sources(
    MESSAGES.map(({ protobufFile }) => protobufFile),
    protobufSource,
  ),
  ...sources(
    MESSAGES.map(({ jsonFile }) => jsonFile),
    jsonSource,
  ),
});

const sources = (
  files: readonly string[],
  sourceOf: (file: string, about: string) => string,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...new Set(files)].map((file) => [`libs/otlp/src/wire/${file}.ts`, sourceOf(file, ABOUT)]),
  );
