import { ModulesContainer } from '@nestjs/core';
import { OtelLogger, OtelModule } from '../index.js';
import { copiesText, packageCopies, shareExports } from './package-copies.js';

const KEY = Symbol.for('nestlens.otel.copies');
const copy = (version: string, path: string, nest: unknown = 'Nest') => ({ version, path, nest });

describe('copies of the package in one process', () => {
  const holder = globalThis as { [KEY]?: unknown };
  const before = holder[KEY];
  beforeEach(() => delete holder[KEY]);
  afterAll(() => (holder[KEY] = before));

  it('are listed with their file and their copy of Nest', () => {
    holder[KEY] = before;
    expect(packageCopies()).toHaveLength(1);
    const [own] = packageCopies();
    expect(own).toMatchObject({ version: '0.1.0', nest: ModulesContainer });
    expect(own?.path).toMatch(/src\/index\.ts$/);
    expect(own?.exports).toMatchObject({ OtelLogger, OtelModule });
    expect(copiesText()).toBeUndefined();
  });

  it('share the exports of the first if their versions are compatible, and a warning names them', () => {
    const first = { OtelModule: 'one', ShutdownService: 'one' };
    expect(shareExports(first, copy('0.1.0', '/app/first.js'))).toEqual(first);
    const later = { OtelModule: 'two', ShutdownService: 'two', New: 'two' };
    expect(shareExports(later, copy('0.1.4', '/plugin/second.js'))).toEqual({
      ...first,
      New: 'two',
    });
    expect(copiesText()).toBe(
      '@nestlens/otel is loaded 2 times in this process: 0.1.0 (/app/first.js), 0.1.4 (/plugin/second.js). The first ' +
        'serves them all. Install one version, or leave the package out of the bundle, to have one.',
    );
  });

  it.each([
    ['an incompatible version', copy('0.2.0', '/plugin/second.js')],
    ['another copy of Nest', copy('0.1.0', '/plugin/second.js', 'another')],
  ])('keep their own exports with %s, and a warning says so', (_what, other) => {
    shareExports({ OtelModule: 'one' }, copy('0.1.0', '/app/first.js'));
    expect(shareExports({ OtelModule: 'two' }, other)).toEqual({ OtelModule: 'two' });
    expect(copiesText()).toContain('each has an OtelModule of its own');
  });

  it('count once if the same file was loaded again', () => {
    shareExports({}, copy('0.1.0', '/app/first.js', 'before jest.resetModules()'));
    shareExports({}, copy('0.1.0', '/app/first.js', 'after it'));
    expect(copiesText()).toBeUndefined();
  });
});
