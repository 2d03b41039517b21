import type { Option, Section } from '../../libs/otel/src/options/option.js';
import { OPTIONS } from '../../libs/otel/src/options/option-table.js';
import { VARIABLES } from '../../libs/otel/src/options/variables.js';
import type { Variable } from '../../libs/otel/src/options/variables.js';
import { wordsOf } from './words.js';

type Row = readonly string[];

/** Makes links of pages, and escapes bars, which would end the table cell. */
const cell = (text: string): string =>
  text.replace(/\bdocs\/([a-z-]+\.md)/g, '[$1]($1)').replaceAll('|', '\\|');

const table = (head: Row, rows: readonly Row[]): string => {
  const cells = [head, ...rows].map((row) => row.map(cell));
  const widths = head.map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  const line = (row: Row): string =>
    `| ${row.map((text, at) => text.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(cells[0] ?? []), rule, ...cells.slice(1).map(line)].join('\n');
};

interface Documented {
  readonly path: string;
  readonly words: string;
  readonly variables: readonly string[];
}

/** Returns every option below a section. A section that repeats another counts as one option. */
const optionsIn = (of: Section, path: string): readonly Documented[] =>
  Object.entries(of.keys).flatMap(([key, part]): readonly Documented[] => {
    const at = path === '' ? key : `${path}.${key}`;
    if (part.kind === 'option') {
      return [{ path: at, words: wordsOf(key, part), variables: part.variables }];
    }
    return part.isRepeated ? [{ path: at, words: part.text, variables: [] }] : optionsIn(part, at);
  });

const sectionText = ([name, part]: readonly [string, Option | Section]): string => {
  if (part.kind === 'option') return '';
  const rows = optionsIn(part, name).map(({ path, words }) => [`\`${path}\``, words]);
  return `## ${name}\n\n${cell(part.text)}\n\n${table(['key', 'meaning and default'], rows)}\n`;
};

const OF_A_SIGNAL = /^OTEL_EXPORTER_OTLP_(TRACES|METRICS|LOGS)_(?!TEMPORALITY)/;

const variablesText = (): string => {
  const options = optionsIn(OPTIONS, '');
  const setBy = (name: string): readonly Documented[] => {
    const by = options.filter(({ variables }) => variables.includes(name));
    return by.length > 0 ? by : options.filter(({ words }) => words.includes(`\`${name}\``));
  };
  const all = Object.entries(VARIABLES);
  const rows = all
    .filter(([name]) => !OF_A_SIGNAL.test(name))
    .map(([name, variable]) => {
      const { holds, sets }: Variable<unknown> = variable;
      const own = name.replace('OTEL_EXPORTER_OTLP_', 'OTEL_EXPORTER_OTLP_TRACES_');
      const hasForms = own !== name && all.some(([other]) => other === own);
      const form = own.replace('TRACES', '<SIGNAL>');
      const names = hasForms ? `\`${name}\`, \`${form}\`` : `\`${name}\``;
      return [
        names,
        holds,
        sets ??
          setBy(name)
            .map(({ path }) => `\`${path}\``)
            .join(', '),
      ];
    });
  return table(['variable', 'value', 'sets'], rows);
};

const HEAD = `<!-- Generated from libs/otel/src/options by \`npm run options\`. Not to be edited by hand. -->

# Options of \`OtelModule\`

An option in code wins over its environment variable, and the variable wins over the default. Unknown keys and wrong values
stop the start, and one message lists every fault. A variable whose value cannot be understood is ignored with one warning; so
is a variable whose name is nearly that of one below. [faults.md](faults.md) lists refused and corrected values.
Durations are in ms, sizes in bytes.

An option of one engine is ignored by the other engine, with one warning. It stops the start if telemetry would otherwise go to
the wrong place.
`;

/** Returns the text of docs/options.md. */
export const optionsPage = (): string =>
  [
    HEAD,
    ...Object.entries(OPTIONS.keys).map(sectionText),
    '## Environment',
    '',
    'These are all variables that are read. An empty variable counts as unset. `<SIGNAL>` is `TRACES`, `METRICS` or `LOGS`; the variable of one signal wins.',
    'OTLP over HTTP, with the engine `nestlens`, also reads `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`; the names in lower case win.',
    '',
    variablesText(),
    '',
  ].join('\n');
