import type { Keys, Option, Section } from '../../libs/otel/src/options/option.js';
import { OPTIONS } from '../../libs/otel/src/options/option-table.js';
import { wordsOf } from './words.js';

/** Modules with the types that are not generated here. */
const IMPORTS: readonly (readonly [module: string, ...names: string[]])[] = [
  ['@nestjs/common', 'InjectionToken'],
  ['@opentelemetry/api', 'Attributes', 'Sampler'],
  ['@opentelemetry/sdk-logs', 'LogRecordProcessor'],
  ['@opentelemetry/sdk-metrics', 'IMetricReader', 'ViewOptions'],
  ['@opentelemetry/sdk-trace', 'IdGenerator', 'SpanProcessor'],
  ['./health-indicator.js', 'HealthIndicator'],
  ['./health-indicator.js', 'HealthGroup'],
  [
    './option-types.js',
    'ExporterName',
    'HttpIgnore',
    'LogFormat',
    'LogLevelName',
    'OtlpAuth',
    'OtlpCompression',
    'OtlpEngine',
    'OtlpHeaders',
    'OtlpProtocol',
    'PropagatorName',
    'ResourceDetectorName',
    'SamplerName',
    'TracerName',
  ],
  ['./otlp.options.js', 'OtlpOptions'],
  ['./room.options.js', 'HealthOptions', 'HttpOptions', 'RpcOptions', 'ShutdownOptions'],
  ['./signal.options.js', 'LogsOptions', 'MetricsOptions', 'TracesOptions'],
];

export const GENERATED =
  'Generated from the tables of this room by `npm run options`. Not to be edited by hand.';

const LONGEST_LINE = 100;

/** Formats `text` as a docstring, in lines of at most 100 columns. */
const docstring = (text: string, indent: string): string => {
  const single = `${indent}/** ${text} */`;
  if (single.length <= LONGEST_LINE) return single;
  const lines: string[] = [];
  let line = `${indent} *`;
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > LONGEST_LINE) {
      lines.push(line);
      line = `${indent} *`;
    }
    line += ` ${word}`;
  }
  return [`${indent}/**`, ...lines, line, `${indent} */`].join('\n');
};

const optionLines = (key: string, of: Option, indent: string): string =>
  `${docstring(wordsOf(key, of), indent)}\n${indent}${key}?: ${of.rule.type};`;

const keyLines = (key: string, part: Option | Section, indent: string): string => {
  if (part.kind === 'option') return optionLines(key, part, indent);
  const type = part.type ?? `{\n${linesOf(part.keys, `${indent}  `)}\n${indent}}`;
  return `${docstring(part.text, indent)}\n${indent}${key}?: ${type};`;
};

const linesOf = (keys: Keys, indent: string): string =>
  Object.entries(keys)
    .map(([key, part]) => keyLines(key, part, indent))
    .join('\n');

/** Returns the sections with a type of their own, each once. Those inside another section come before it. */
const typesIn = (of: Section): ReadonlyMap<string, Section> => {
  const found = new Map<string, Section>();
  for (const part of Object.values(of.keys)) {
    if (part.kind === 'option') continue;
    for (const [type, each] of typesIn(part)) if (!found.has(type)) found.set(type, each);
  }
  if (of.type !== undefined && !found.has(of.type)) found.set(of.type, of);
  return found;
};

const DESTINATION = 'OtlpDestinationOptions';

const interfaceOf = (name: string, of: Section, types: ReadonlyMap<string, Section>): string => {
  const base = name === 'OtlpOptions' ? types.get(DESTINATION) : undefined;
  const own = Object.entries(of.keys).filter(([key]) => !(key in (base?.keys ?? {})));
  const head = base === undefined ? name : `${name} extends ${DESTINATION}`;
  return `${docstring(of.typeText, '')}\nexport interface ${head} {\n${linesOf(Object.fromEntries(own), '  ')}\n}\n`;
};

const fileOf = (file: string, body: string, exported: readonly string[]): string => {
  const imports = IMPORTS.filter(([module]) => module !== `./${file}`).flatMap(
    ([module, ...names]) => {
      const used = names.filter((name) =>
        new RegExp(`[:( ]${name}\\b`).test(withoutComments(body)),
      );
      if (used.length === 0) return [];
      const line = `import type { ${used.join(', ')} } from '${module}';`;
      if (line.length <= LONGEST_LINE) return [line];
      return [`import type {\n${used.map((name) => `  ${name},\n`).join('')}} from '${module}';`];
    },
  );
  const parts = [[`// ${GENERATED}`, ...imports], exported, [body]];
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
};

const withoutComments = (body: string): string => body.replace(/\/\*\*.*?\*\//gs, '');

const MAIN = 'otel.options';
/** Files of types besides the main one. */
const FILES: readonly (readonly [file: string, names: RegExp])[] = [
  ['otlp.options', /^Otlp/],
  ['signal.options', /^(Batch|Traces|Metrics|Logs)/],
  ['room.options', /^(Http|Rpc|Health|Shutdown)/],
];

/** Returns the files of types, by their name below libs/otel/src/options. */
export const typeFiles = (): Readonly<Record<string, string>> => {
  const types = typesIn(OPTIONS);
  const homeOf = (name: string): string => FILES.find(([, names]) => names.test(name))?.[0] ?? MAIN;
  const textOf = (file: string): string => {
    const body = [...types]
      .filter(([name]) => homeOf(name) === file)
      .map(([name, of]) => interfaceOf(name, of, types))
      .join('\n');
    const others = ['option-types', ...FILES.map(([other]) => other)].toSorted();
    const exported =
      file === MAIN ? others.map((name) => `export type * from './${name}.js';`) : [];
    return fileOf(`${file}.js`, body, exported);
  };
  return Object.fromEntries(
    [MAIN, ...FILES.map(([file]) => file)].map((file) => [`${file}.ts`, textOf(file)]),
  );
};
