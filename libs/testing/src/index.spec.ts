import { readFileSync } from 'node:fs';
import * as contracts from './contracts/index.js';
import * as testing from './index.js';

const page = (path: string): string =>
  readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

describe('@nestlens/testing', () => {
  const pages = page('libs/testing/README.md') + page('docs/testing.md');

  it.each([...Object.keys(testing), ...Object.keys(contracts)])('documents %s', (name) => {
    expect(pages).toMatch(new RegExp(`\\b${name}\\b`));
  });
});
