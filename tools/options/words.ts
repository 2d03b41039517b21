import type { Option } from '../../libs/otel/src/options/option.js';

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

const unitOf = (key: string): string => {
  if (key.endsWith('Ms')) return 'ms';
  return key.endsWith('Bytes') ? 'bytes' : '';
};

/** Repeats a size or a time in a larger unit. */
const inLargeUnit = (value: number, unit: string): string => {
  if (unit === 'bytes' && value >= MIB && value % MIB === 0) return ` (${value / MIB} MiB)`;
  if (unit === 'ms' && value >= HOUR_MS && value % HOUR_MS === 0) return ` (${value / HOUR_MS} h)`;
  if (unit === 'ms' && value >= MINUTE_MS && value % MINUTE_MS === 0) {
    return ` (${value / MINUTE_MS} min)`;
  }
  return '';
};

const valueText = (value: unknown, unit: string): string | undefined => {
  if (typeof value === 'number') return `${value}${inLargeUnit(value, unit)}`;
  if (typeof value === 'boolean') return `${value}`;
  if (typeof value === 'string') return `\`${value}\``;
  if (Array.isArray(value) && value.length > 0) {
    return `\`[${value.map((each) => `'${each}'`).join(', ')}]\``;
  }
  return undefined;
};

/** Returns the default of an option. Variables that `defaultText` does not name come first. */
const defaultOf = (key: string, of: Option): string => {
  const { variables, defaultText } = of;
  const last = defaultText ?? valueText(of.default, unitOf(key));
  const before = variables.filter((name) => defaultText?.includes(name) !== true);
  const steps = [...before.map((name) => `\`${name}\``), ...(last === undefined ? [] : [last])];
  if (steps.length === 0) return 'Default: none.';
  if (last === undefined) return `Default: ${steps.join(', then ')}, else none.`;
  return `Default: ${steps.join(', then ')}.`;
};

const valuesOf = ({ rule: { names = [] }, text }: Option): readonly string[] => {
  const coded = names.map((name) => `\`${name}\``);
  return coded.every((name) => text.includes(name)) ? [] : [`Values: ${coded.join(', ')}.`];
};

/**
 * Returns the full text of an option, for its docstring and the documentation: meaning, range, engine, default.
 */
export const wordsOf = (key: string, of: Option): string =>
  [
    of.text,
    ...valuesOf(of),
    ...(of.rule.range ? [`${of.rule.range(unitOf(key))}.`] : []),
    ...(of.engine ? [`Engine \`${of.engine}\` only.`] : []),
    defaultOf(key, of),
  ].join(' ');
