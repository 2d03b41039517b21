import { execFile } from 'node:child_process';
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../house/tree.js';

const exec = promisify(execFile);
const SOURCES = ['main.ts', 'app.module.ts'] as const;

/**
 * A project made with `nest new` and `nest add`, by the Nest CLI of an app's folder. It lies in that folder, so
 * that its packages are found.
 */
export class StockProject {
  readonly name = 'stock';
  readonly folder: string;
  /** The output of the first `nest add`. */
  firstAdd = '';
  readonly #node: string;
  readonly #cli: string;

  private constructor(node: string, home: string) {
    this.#node = node;
    this.folder = join(home, this.name);
    this.#cli = join(home, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  }

  static async create(node: string, home: string): Promise<StockProject> {
    const project = new StockProject(node, home);
    await rm(project.folder, { recursive: true, force: true });
    const flags = ['--skip-install', '--skip-git', '--package-manager=npm'];
    await project.#nest(home, 'new', project.name, ...flags);
    project.firstAdd = await project.add();
    return project;
  }

  /** Runs the schematic of `nest add @nestlens/otel`, which is installed already. Returns its output. */
  add(): Promise<string> {
    return this.#nest(this.folder, 'add', '@nestlens/otel', '--skip-install');
  }

  write(file: string, text: string): Promise<void> {
    return writeFile(join(this.folder, file), text);
  }

  sources(): Promise<readonly string[]> {
    return Promise.all(SOURCES.map((file) => readFile(join(this.folder, 'src', file), 'utf8')));
  }

  /** Compiles the project. Returns its entry file, which prints its address. */
  async build(): Promise<string> {
    const compilerOptions = {
      types: ['node'],
      typeRoots: [join(root, 'node_modules', '@types')],
      rootDir: 'src',
      outDir: 'dist',
    };
    const config = { extends: '../tsconfig.json', compilerOptions, files: ['src/main.ts'] };
    const path = join(this.folder, 'tsconfig.stock.json');
    await writeFile(path, JSON.stringify(config));
    await exec(join(root, 'node_modules', '.bin', 'tsc'), ['-p', path], { cwd: this.folder });
    await copyFile(
      join(root, 'test', 'install', 'listening.mjs'),
      join(this.folder, 'dist', 'listening.mjs'),
    );
    return join(this.folder, 'dist', 'listening.mjs');
  }

  async #nest(cwd: string, ...args: readonly string[]): Promise<string> {
    const running = exec(this.#node, [this.#cli, ...args], { cwd });
    // The CLI prompts on a terminal, and continues without one.
    running.child.stdin?.end();
    const { stdout, stderr } = await running;
    return stdout + stderr;
  }
}
