import { projectFiles, read } from './tree.js';

interface Project {
  readonly type: string;
  readonly sourceRoot: string;
  readonly entryFile: string;
  readonly compilerOptions: { readonly tsConfigPath: string };
}

describe('nest-cli.json', () => {
  const { projects } = JSON.parse(read('nest-cli.json')) as {
    projects: Readonly<Record<string, Project>>;
  };

  it('has a project for each app', () => {
    const apps = projectFiles('apps/*/package.json').map((file) => file.split('/')[1]);
    expect(Object.keys(projects).toSorted()).toEqual(apps.toSorted());
  });

  it.each(Object.entries(projects))('names the files of %s', (name, project) => {
    expect(project.type).toBe('application');
    const entry = `${project.sourceRoot}/${project.entryFile}.ts`;
    expect(projectFiles(entry, project.compilerOptions.tsConfigPath)).toHaveLength(2);
    expect(entry).toMatch(new RegExp(`^apps/${name}/`));
  });
});
