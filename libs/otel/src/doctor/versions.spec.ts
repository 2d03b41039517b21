import { folderOf, removeFolder } from './fixtures/folder.js';
import { versionChecks } from './versions.js';

const OWN = 'node_modules/@nestlens/otel';
const API = '@opentelemetry/api';
const api = (version: string): string => JSON.stringify({ name: API, version });
const own = JSON.stringify({
  name: '@nestlens/otel',
  version: '0.1.0',
  dependencies: { [API]: '~1.10.0' },
});

describe('the version of the API', () => {
  let folder = '';
  const found = (files: Readonly<Record<string, string>>) => {
    folder = folderOf(files);
    const check = versionChecks(folder, '24.0.0').find(({ name }) => name === 'opentelemetry');
    return check?.run(new AbortController().signal);
  };
  afterEach(() => removeFolder(folder));

  it('is the version that this package resolves, even if the app has another', async () => {
    const mixed = {
      [`${OWN}/package.json`]: own,
      [`${OWN}/node_modules/${API}/package.json`]: api('1.10.1'),
      [`node_modules/${API}/package.json`]: api('1.9.0'),
    };
    expect(await found(mixed)).toEqual({
      state: 'ok',
      text: `${API} 1.10.1 for @nestlens/otel, 1.9.0 for the app`,
    });
  });

  it('is a fault if this package resolves a version outside its range', async () => {
    const forced = {
      [`${OWN}/package.json`]: own,
      [`node_modules/${API}/package.json`]: api('1.9.0'),
    };
    expect(await found(forced)).toMatchObject({
      state: 'fault',
      text: expect.stringMatching(/api is 1\.9\.0, and @nestlens\/otel 0\.1\.0 supports ~1\.10\.0/),
    });
  });

  it('is not checked if the package is not installed', async () => {
    expect(await found({ 'package.json': '{}' })).toMatchObject({ state: 'not checked' });
  });
});
