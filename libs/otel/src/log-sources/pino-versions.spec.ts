import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publishesLines, silentPinos } from './pino-versions.js';

describe('versions of pino', () => {
  const root = mkdtempSync(join(tmpdir(), 'pino-versions-'));
  const cache: Record<string, object> = {};
  const load = (directory: string, name: string, version: string): string => {
    const path = join(root, 'node_modules', directory);
    mkdirSync(join(path, 'lib'), { recursive: true });
    writeFileSync(join(path, 'package.json'), JSON.stringify({ name, version }));
    cache[join(path, 'lib/proto.js')] = {};
    return path;
  };
  afterAll(() => rmSync(root, { recursive: true }));

  it.each([
    ['8.21.0', false],
    ['9.9.5', false],
    ['9.10.0', true],
    ['10.4.0', true],
  ])('publishes its lines, %s: %s', (version, published) => {
    expect(publishesLines(version)).toBe(published);
  });

  it('lists the loaded versions that do not publish their lines', () => {
    expect(silentPinos(cache)).toEqual([]);
    load('pino', 'pino', '9.10.0');
    load('other', 'other', '1.0.0');
    const old = load('pino8', 'pino', '8.21.0');
    expect(silentPinos(cache)).toEqual([`8.21.0 in ${old}`]);
  });
});
