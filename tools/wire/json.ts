import type { Field, Message, Scalar } from './message.ts';
import { MESSAGES } from './messages.ts';
import { emptyName, head, importsFor, isLocal, MODEL_TYPES } from './source.ts';
import type { Origin } from './source.ts';

/** The functions that read a field, in `json-fields.ts` and `json-attributes.ts`; some count what they read. */
const READ: Readonly<Record<Scalar, readonly [name: string, takes?: 'budget']>> = {
  string: ['stringIn'],
  hex: ['hexIn'],
  bool: ['boolIn'],
  int32: ['int32In'],
  uint32: ['uint32In'],
  sint32: ['int32In'],
  fixed32: ['uint32In'],
  fixed64: ['uint64In'],
  double: ['doubleIn'],
  optionalDouble: ['optionalDoubleIn'],
  fixed64s: ['uint64sIn', 'budget'],
  uint64s: ['uint64sIn', 'budget'],
  doubles: ['doublesIn', 'budget'],
  attributes: ['attributesIn', 'budget'],
  anyValue: ['anyValueIn', 'budget'],
};

const readerOf = (message: string): string =>
  `${message.charAt(0).toLowerCase()}${message.slice(1)}OfJson`;

/** The value of a field, as the source of an expression. */
function value({ json, kind }: Field): string {
  if (typeof kind === 'string') {
    const [read, takes] = READ[kind];
    return `${read}(object, '${json}'${takes === undefined ? '' : ', budget'})`;
  }
  if ('constant' in kind) return `'${kind.constant}'`;
  if ('list' in kind) return `messagesIn(object, '${json}', ${readerOf(kind.list)}, budget)`;
  if ('message' in kind) {
    const { message } = kind;
    return `messageIn(object, '${json}', ${readerOf(message)}, budget) ?? ${emptyName(message)}`;
  }
  if ('double' in kind) return 'numberIn(object)';
  const tries = Object.entries(kind.oneOf).map(
    ([name, [, message]]) =>
      `\n      messageIn<MetricData>(object, '${name}', ${readerOf(message)}, budget) ??`,
  );
  return `${tries.join('')}\n      NO_DATA`;
}

function reader(message: Message): string {
  const fields = message.fields.map((field) => `    ${field.name}: ${value(field)},`);
  const lines = fields.map((line) => line.replace(': \n', ':\n'));
  const needsBudget = lines.some((line) => line.includes('budget'));
  const parameters = ['object: JsonObject', ...(needsBudget ? ['budget: DecodeBudget'] : [])];
  const exported = isLocal(message, 'jsonFile') ? '' : 'export ';
  const name = `${exported}function ${readerOf(message.name)}`;
  const start = head(name, parameters, message.type);
  return `${[start, '  return {', ...lines, '  };', '}'].join('\n')}\n`;
}

const ORIGINS: Readonly<Record<string, Origin>> = {
  ...MODEL_TYPES,
  DecodeBudget: { file: 'decode-limits', isType: true },
  JsonObject: { file: 'json-fields', isType: true },
  ...Object.fromEntries(
    [...Object.values(READ).map(([name]) => name), 'messageIn', 'messagesIn', 'numberIn'].map(
      (name) => [name, { file: 'json-fields' }],
    ),
  ),
  attributesIn: { file: 'json-attributes' },
  anyValueIn: { file: 'json-attributes' },
  NO_DATA: { file: 'metrics' },
  ...Object.fromEntries(
    MESSAGES.flatMap(({ name, jsonFile, protobufFile }) => [
      [readerOf(name), { file: jsonFile }],
      [emptyName(name), { file: protobufFile }],
    ]),
  ),
};

/** The source of a file that reads messages of JSON. */
export function jsonSource(file: string, about: string): string {
  const messages = MESSAGES.filter(({ jsonFile }) => jsonFile === file);
  const body = messages.map(reader).join('\n');
  return `${about}\n\n${importsFor(body, file, ORIGINS)}\n${body}`;
}
