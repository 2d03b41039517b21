import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programOf, unusedMembers } from './members.js';
import { projectFiles, root } from './tree.js';

/** Members that only others use, through a type that is not ours, and one that only specs can use. */
const FOR_OTHERS: readonly RegExp[] = [
  // The fields of a ServerResponse that hooks and adapters read.
  /http\/upgrade-response\.ts#UpgradeResponse\.(errored|getHeader|setHeader)$/,
  // The calls of grpc-js, as it declares them.
  /rpc\/grpc-js\.ts#Grpc(Server|Client)Call\./,
  // The port of a server that was told to take any.
  /management-server\.ts#ManagementServer\.address$/,
];

const files = projectFiles(
  'libs/*/src/**.ts',
  'apps/*/src/**.ts',
  'tools/**.ts',
  'bench/**.ts',
).filter((file) => !/spec\.ts$|\/fixtures\/|\.d\.ts$/.test(file));

describe('members', () => {
  it('of classes and interfaces are used by code that is no spec', () => {
    const unused = unusedMembers(programOf(root, files), root)
      .filter((member) => /^(libs\/(otel|otlp|lens)|apps)\//.test(member))
      .filter((member) => !FOR_OTHERS.some((known) => known.test(member)));
    expect(unused).toEqual([]);
  });

  it('are found where nothing uses them, and nowhere else', () => {
    const folder = `${mkdtempSync(join(tmpdir(), 'nestlens-members-'))}/`;
    writeFileSync(
      join(folder, 'a.ts'),
      `
      interface Asked { asked(): void }
      interface Other { forgotten(): void }
      export class A implements Iterable<number> {
        called(): void {}
        idle(): void {}
        asked(): void {}
        destructured = 1;
        readonly #own = 1;
        toJSON(): number { return this.#own; }
        [Symbol.iterator]() { return [1].values(); }
      }
      export class B { called(): void {} }
      function ask(it: Asked): void { it.asked(); }
      const a = new A();
      a.called();
      ask(a);
      export const { destructured } = a;
      `,
    );
    writeFileSync(
      join(folder, 'index.ts'),
      "import { A } from './a.js';\nexport class Door { open(): A { return new A(); } }\n",
    );
    writeFileSync(join(folder, 'tsconfig.base.json'), '{ "compilerOptions": {} }');
    const unused = unusedMembers(programOf(folder, ['a.ts', 'index.ts']), folder);
    rmSync(folder, { recursive: true });
    expect(unused).toEqual(['a.ts#Other.forgotten', 'a.ts#A.idle', 'a.ts#B.called']);
  });
});
