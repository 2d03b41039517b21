import { join } from 'node:path';
import { copiesCheck } from './copies.js';
import { folderOf, removeFolder } from './fixtures/folder.js';

const API = '@opentelemetry/api';
const api = (version: string): string => JSON.stringify({ name: API, version });

describe('copies in node_modules', () => {
  let folder = '';
  const found = (files: Readonly<Record<string, string>>, project = '.') => {
    folder = folderOf(files);
    return copiesCheck(join(folder, project)).run(new AbortController().signal);
  };
  afterEach(() => removeFolder(folder));

  it('count once if a package manager links one place several times', async () => {
    const real = `node_modules/.pnpm/api@1.10.0/node_modules/${API}`;
    expect(
      await found({
        [`${real}/package.json`]: api('1.10.0'),
        [`node_modules/${API}`]: `->${real}`,
        [`node_modules/.pnpm/other@1.0.0/node_modules/${API}`]: `->${real}`,
      }),
    ).toEqual({ state: 'ok', text: expect.stringMatching(/^one of each.*api 1\.10\.0$/) });
  });

  it('are listed with version and place, also inside packages and above the project', async () => {
    expect(
      await found(
        {
          [`node_modules/${API}/package.json`]: api('1.10.0'),
          [`apps/shop/node_modules/@acme/sdk/node_modules/${API}/package.json`]: api('1.8.0'),
          'apps/shop/package.json': '{}',
        },
        'apps/shop',
      ),
    ).toMatchObject({
      state: 'warning',
      text: expect.stringMatching(
        /there 2 times \(1\.8\.0 in node_modules\/@acme\/sdk.*1\.10\.0 in /,
      ),
    });
  });

  it('are no problem for two copies of one API version, but are one for Nest', async () => {
    const files = (name: string): Record<string, string> => ({
      [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: '1.10.0' }),
      [`node_modules/a/node_modules/${name}/package.json`]: JSON.stringify({
        name,
        version: '1.10.0',
      }),
    });
    expect(await found(files(API))).toMatchObject({ state: 'ok' });
    removeFolder(folder);
    expect(await found(files('@nestjs/core'))).toMatchObject({ state: 'warning' });
  });

  it('are no problem for the API from 1.9 on, nor for one SDK in each of two major versions', async () => {
    const own = 'node_modules/@nestlens/otel/node_modules/@opentelemetry';
    const sdk = (version: string): string =>
      JSON.stringify({ name: '@opentelemetry/sdk-metrics', version });
    const files = {
      [`node_modules/${API}/package.json`]: api('1.9.0'),
      [`${own}/api/package.json`]: api('1.10.0'),
      'node_modules/@opentelemetry/sdk-metrics/package.json': sdk('2.8.0'),
      [`${own}/sdk-metrics/package.json`]: sdk('3.1.0'),
    };
    expect(await found(files)).toEqual({
      state: 'ok',
      text: expect.stringMatching(/api 1\.\d+\.0 and 1\.\d+\.0, .*sdk-metrics \d\.\d\.0 and \d\./),
    });
    removeFolder(folder);
    const kit = 'node_modules/@nestlens/testing/node_modules/@opentelemetry';
    const ofTests = { [`${kit}/sdk-metrics/package.json`]: sdk('3.1.0') };
    expect(await found({ ...files, ...ofTests })).toMatchObject({ state: 'ok' });
    removeFolder(folder);
    const third = {
      'node_modules/x/node_modules/@opentelemetry/sdk-metrics/package.json': sdk('3.1.1'),
    };
    expect(await found({ ...files, ...third })).toMatchObject({ state: 'warning' });
  });

  it('are not checked if there is no node_modules', async () => {
    expect(await found({ 'package.json': '{}' })).toMatchObject({ state: 'not checked' });
  });
});
