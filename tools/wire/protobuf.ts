import type { Field, Kind, Message, Scalar } from './message.ts';
import { MESSAGES } from './messages.ts';
import {
  emptyName,
  emptyValue,
  FROZEN_LIST,
  head,
  importsFor,
  isLocal,
  messageNamed,
  MODEL_TYPES,
} from './source.ts';
import type { Origin } from './source.ts';

/** Declarations of the variables in which a reader keeps a field until the message is whole. */
const LOCALS: Readonly<Record<Scalar, string>> = {
  string: "NAME = ''",
  hex: "NAME = ''",
  bool: 'NAME = false',
  int32: 'NAME = 0',
  uint32: 'NAME = 0',
  sint32: 'NAME = 0',
  fixed32: 'NAME = 0',
  fixed64: 'NAME = 0n',
  double: 'NAME = 0',
  optionalDouble: 'NAME: number | undefined',
  fixed64s: 'NAME: bigint[] = []',
  uint64s: 'NAME: bigint[] = []',
  doubles: 'NAME: number[] = []',
  attributes: 'NAME: OpenAttributes | undefined',
  anyValue: 'NAME: AnyValue = null',
};

const LISTS: ReadonlySet<Kind> = new Set<Kind>(['fixed64s', 'uint64s', 'doubles']);

function local({ name, kind }: Field): readonly string[] {
  if (typeof kind === 'string') {
    const word = LISTS.has(kind) ? 'const' : 'let';
    return [`  ${word} ${LOCALS[kind].replace('NAME', name)};`];
  }
  if ('constant' in kind) return [];
  if ('message' in kind) return [`  let ${name} = ${emptyName(kind.message)};`];
  if ('list' in kind) return [`  let ${name}: ${messageNamed(kind.list).type}[] | undefined;`];
  if ('oneOf' in kind) return [`  let ${name} = NO_DATA;`];
  return [`  let ${name}: number | bigint = 0;`];
}

/** The statements that read a field, by its number. */
function cases({ name, number, kind }: Field): readonly (readonly [number, readonly string[]])[] {
  if (kind === 'optionalDouble') return [[number, [`${name} = reader.double();`]]];
  if (kind === 'attributes') return [[number, [`${name} = readAttribute(reader, ${name});`]]];
  if (kind === 'anyValue') return [[number, [`${name} = readAnyValue(reader);`]]];
  if (typeof kind === 'string') {
    const read = LISTS.has(kind) ? `reader.${kind}(${name});` : `${name} = reader.${kind}();`;
    return [[number, [read]]];
  }
  if ('constant' in kind) return [];
  if ('message' in kind) return [[number, [`${name} = read${kind.message}(reader);`]]];
  if ('list' in kind) {
    const push = `(${name} ??= []).push(read${kind.list}(reader));`;
    return [[number, ['reader.budget.record();', push]]];
  }
  if ('oneOf' in kind) {
    return Object.values(kind.oneOf).map(([at, message]) => [
      at,
      [`${name} = read${message}(reader);`],
    ]);
  }
  return [
    [kind.double, [`${name} = reader.double();`]],
    [kind.int, [`${name} = reader.sfixed64();`]],
  ];
}

function result({ name, kind }: Field): string {
  if (kind === 'attributes') return `    ${name}: ${name} ?? NO_ATTRIBUTES,`;
  if (typeof kind === 'string') return `    ${name},`;
  if ('constant' in kind) return `    ${name}: '${kind.constant}',`;
  if ('list' in kind) return `    ${name}: ${name} ?? NONE,`;
  return `    ${name},`;
}

const exported = (message: Message): string => (isLocal(message, 'protobufFile') ? '' : 'export ');

/** The function that reads a message. */
function reader(message: Message): string {
  const read = message.fields
    .flatMap(cases)
    .toSorted(([a], [b]) => a - b)
    .flatMap(([number, statements]) => [
      `      case ${number}:`,
      ...[...statements, 'break;'].map((statement) => `        ${statement}`),
    ]);
  const name = `${exported(message)}function read${message.name}`;
  return [
    `/** ${message.source}. */`,
    head(name, ['reader: ProtobufReader'], message.type),
    '  const outer = reader.open();',
    ...message.fields.flatMap(local),
    '  while (reader.next()) {',
    '    switch (reader.field) {',
    ...read,
    '      default:',
    '        reader.skip();',
    '    }',
    '  }',
    '  reader.close(outer);',
    '  return {',
    ...message.fields.map(result),
    '  };',
    '}',
    '',
  ].join('\n');
}

/** Messages that are a field of their own, and those around which the groups of a request are. */
const SINGLE: ReadonlySet<string> = new Set([
  'Resource',
  'Scope',
  ...MESSAGES.flatMap(({ fields }) =>
    fields.flatMap(({ kind }) =>
      typeof kind === 'object' && 'message' in kind ? kind.message : [],
    ),
  ),
]);
/** The constants for the absence of a message. */
function constants(message: Message): string {
  const lines: string[] = [];
  if (SINGLE.has(message.name)) {
    lines.push(`export const ${emptyName(message.name)}: ${message.type} = Object.freeze({`);
    lines.push(...message.fields.map(({ name, kind }) => `  ${name}: ${emptyValue(kind)},`));
    lines.push('});');
  }
  if (message.fields.some(({ kind }) => typeof kind === 'object' && 'oneOf' in kind)) {
    lines.push('export const NO_DATA: MetricData = Object.freeze({');
    lines.push("  kind: 'none',", `  points: ${FROZEN_LIST},`, '});');
  }
  return lines.map((line) => `${line}\n`).join('');
}

const ORIGINS: Readonly<Record<string, Origin>> = {
  ...MODEL_TYPES,
  NO_ATTRIBUTES: { file: 'attributes' },
  readAnyValue: { file: 'attributes' },
  readAttribute: { file: 'attributes' },
  OpenAttributes: { file: 'attributes', isType: true },
  ProtobufReader: { file: 'protobuf-reader', isType: true },
  ...Object.fromEntries(
    MESSAGES.flatMap(({ name, protobufFile: file }) => [
      [`read${name}`, { file }],
      [emptyName(name), { file }],
    ]),
  ),
};

/** The constant for lists of messages that are empty, where there are such lists. */
function noneFor(messages: readonly Message[]): string {
  const hasList = messages.some(({ fields }) =>
    fields.some(({ kind }) => typeof kind === 'object' && 'list' in kind),
  );
  return hasList ? `const NONE: readonly never[] = ${FROZEN_LIST};\n` : '';
}

/** The source of a file that reads messages of protobuf. */
export function protobufSource(file: string, about: string): string {
  const messages = MESSAGES.filter(({ protobufFile }) => protobufFile === file);
  const absent = noneFor(messages) + messages.map(constants).join('');
  const body = [...(absent === '' ? [] : [absent]), ...messages.map(reader)].join('\n');
  return `${about}\n\n${importsFor(body, file, ORIGINS)}\n${body}`;
}
