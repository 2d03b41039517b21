import type { Field, Kind, Message, Scalar } from './message.ts';
import { MESSAGES } from './messages.ts';

/** The longest line that the formatter leaves as it is. */
const WIDTH = 100;

export function messageNamed(name: string): Message {
  const found = MESSAGES.find((message) => message.name === name);
  if (found === undefined) throw new Error(`no message ${name}`);
  return found;
}

/** The messages in the fields of a message. */
export function partsOf({ kind }: Field): readonly string[] {
  if (typeof kind === 'string') return [];
  if ('message' in kind) return [kind.message];
  if ('list' in kind) return [kind.list];
  return 'oneOf' in kind ? Object.values(kind.oneOf).map(([, message]) => message) : [];
}

/** Whether the reader of a message is for its own file alone. */
export function isLocal(message: Message, file: 'protobufFile' | 'jsonFile'): boolean {
  const holders = MESSAGES.filter(({ fields }) => fields.flatMap(partsOf).includes(message.name));
  return holders.length > 0 && holders.every((holder) => holder[file] === message[file]);
}

/** The constant for a message that is missing. */
export const emptyName = (message: string): string => `NO_${message.toUpperCase()}`;

export const FROZEN_LIST = 'Object.freeze([])';

const EMPTY: Readonly<Record<Scalar, string>> = {
  string: "''",
  hex: "''",
  bool: 'false',
  int32: '0',
  uint32: '0',
  sint32: '0',
  fixed32: '0',
  fixed64: '0n',
  double: '0',
  optionalDouble: 'undefined',
  fixed64s: FROZEN_LIST,
  uint64s: FROZEN_LIST,
  doubles: FROZEN_LIST,
  attributes: 'NO_ATTRIBUTES',
  anyValue: 'null',
};

export function emptyValue(kind: Kind): string {
  if (typeof kind !== 'string') throw new Error('no message that holds others has a constant');
  return EMPTY[kind];
}

/** A function's head, as the formatter breaks it. */
export function head(name: string, parameters: readonly string[], returns: string): string {
  const line = `${name}(${parameters.join(', ')}): ${returns} {`;
  if (line.length <= WIDTH) return line;
  return [`${name}(`, ...parameters.map((each) => `  ${each},`), `): ${returns} {`].join('\n');
}

/** The file that a name is imported from. */
export interface Origin {
  readonly file: string;
  readonly isType?: boolean;
}

/** The import lines for the names that `body` uses, by file. */
export function importsFor(
  body: string,
  own: string,
  origins: Readonly<Record<string, Origin>>,
): string {
  const used = Object.entries(origins).filter(
    ([name, { file }]) => file !== own && new RegExp(String.raw`\b${name}\b`).test(body),
  );
  const files = [...new Set(used.map(([, { file }]) => file))].toSorted();
  return files
    .flatMap((file) =>
      [false, true].map((isType) => {
        const names = used
          .filter(([, origin]) => origin.file === file && (origin.isType ?? false) === isType)
          .map(([name]) => name)
          .toSorted();
        return names.length === 0 ? '' : importLine(names, file, isType);
      }),
    )
    .join('');
}

function importLine(names: readonly string[], file: string, isType: boolean): string {
  const word = isType ? 'import type' : 'import';
  const line = `${word} { ${names.join(', ')} } from './${file}.js';`;
  if (line.length <= WIDTH) return `${line}\n`;
  return `${word} {\n${names.map((name) => `  ${name},\n`).join('')}} from './${file}.js';\n`;
}

/** Types of the model, by the types of the messages and of the values in them. */
export const MODEL_TYPES: Readonly<Record<string, Origin>> = Object.fromEntries(
  ['AnyValue', 'MetricData', ...MESSAGES.map(({ type }) => /^\w+/.exec(type)?.[0] ?? '')].map(
    (name) => [name, { file: 'model', isType: true }],
  ),
);
