import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { USER_AGENT } from './user-agent.js';

it('the user agent names the version of this package', () => {
  const file = join(import.meta.dirname, '../../package.json');
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  expect(USER_AGENT).toMatch(
    /^Nestlens-OTLP\/[\w.-]+ OTel-OTLP-Exporter-JavaScript\/\d+\.\d+\.\d+$/,
  );
  expect(USER_AGENT.split(/[/ ]/)[1]).toBe(version);
});
