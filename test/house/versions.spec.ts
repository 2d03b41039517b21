import { versionFiles } from '../../tools/versions/files.js';
import { projectFiles, read } from './tree.js';

const files = versionFiles();
/** The versions in the generated files, which no other source repeats. */
const versions = Object.values(files).flatMap((text) =>
  [...text.matchAll(/= '([^']*)';/g)].map(([, version = '']) => version),
);

describe('the versions that packages state of themselves', () => {
  it.each(Object.entries(files))('%s is as package.json says; npm run versions', (path, text) => {
    expect(read(path)).toBe(text);
  });

  it('are versions', () => {
    expect(versions).toHaveLength(3);
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
  });

  it('stand in no other source', () => {
    const stating = projectFiles('libs/*/src/**.ts')
      .filter((file) => !/\.spec\.ts$|\/fixtures\//.test(file) && !(file in files))
      .filter((file) => versions.some((version) => read(file).includes(version)));
    expect(stating).toEqual([]);
  });
});
