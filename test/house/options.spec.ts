import { optionsSchema } from '../../libs/otel/src/options/schema.js';
import { read } from './tree.js';

interface Schema {
  readonly type: string;
  readonly entries?: Readonly<Record<string, Schema>>;
  readonly wrapped?: Schema;
  readonly options?: readonly Schema[];
}

/** What a signal may override is described once, for the shared destination. */
const ONCE = new Set(['otlp.traces', 'otlp.metrics', 'otlp.logs']);
/** Described as one value with its shapes. */
const WHOLE = new Set(['metrics.prometheus', 'otlp.auth']);

const pathsOf = (schema: Schema, path: string): readonly string[] => {
  if (schema.wrapped !== undefined) return pathsOf(schema.wrapped, path);
  if (schema.entries === undefined || ONCE.has(path) || WHOLE.has(path)) return [path];
  return Object.entries(schema.entries).flatMap(([key, part]) =>
    pathsOf(part, path === '' ? key : `${path}.${key}`),
  );
};

describe('docs/options.md', () => {
  const documented = [...read('docs/options.md').matchAll(/^\| `([\w.]+)`\s*\|\s*(.*?)\s*\|$/gm)];

  it('names every option there is, and none that is gone', () => {
    const names = documented.map((match) => match[1]).toSorted();
    expect(names).toEqual(pathsOf(optionsSchema as unknown as Schema, '').toSorted());
  });

  it('says of each what it means', () => {
    const silent = documented.filter((match) => (match[2] ?? '') === '').map((match) => match[1]);
    expect(silent).toEqual([]);
  });

  it('gives the default of each, or says that there is no other', () => {
    const without = documented
      .filter(
        (match) => !/Default|default|needs|shut down with|What differs|signed/.test(match[2] ?? ''),
      )
      .map((match) => match[1]);
    expect(without).toEqual([]);
  });
});
