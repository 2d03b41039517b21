import { dirname, join, normalize } from 'node:path';
import { existsSync } from 'node:fs';
import { projectFiles, read, root } from './tree.js';

const pages = projectFiles('*.md');
const LINK = /\]\(([^)\s]+)\)/g;

/** Returns a page without its code, which holds no links and no headings. */
const prose = (page: string): string =>
  read(page).replaceAll(/```[\s\S]*?```|`[^`\n]*`/g, (code) =>
    code.startsWith('```') ? '' : code,
  );

/** Makes the anchor of a heading like GitHub does. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const anchorsIn = (page: string): readonly string[] =>
  [...prose(page).matchAll(/^#+ (.+)$/gm)].map((match) => anchorOf(match[1] ?? ''));

describe('links in the documents', () => {
  it('lead to files and headings that exist', () => {
    const broken = pages.flatMap((page) =>
      [...prose(page).matchAll(LINK)]
        .map((match) => match[1] ?? '')
        .filter((link) => !/^[a-z]+:/.test(link))
        .filter((link) => {
          const [path = '', anchor] = link.split('#');
          const file = path === '' ? page : normalize(join(dirname(page), path));
          if (!existsSync(join(root, file))) return true;
          return anchor !== undefined && !anchorsIn(file).includes(anchor);
        })
        .map((link) => `${page}: ${link}`),
    );
    expect(broken).toEqual([]);
  });

  it('are checked in the guides and the READMEs of the packages', () => {
    expect(pages).toEqual(expect.arrayContaining(['docs/README.md', 'libs/otel/README.md']));
  });
});
