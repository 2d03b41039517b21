import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { useLeakCheck } from '@nestlens/testing';
import { drive } from '../../libs/otel/src/rpc/fixtures/drive.js';
import type { Ended, Kind } from '../../libs/otel/src/rpc/fixtures/drive.js';
import { bareClient } from '../../libs/otel/src/rpc/fixtures/shop.js';

const ROOT = new URL('../..', import.meta.url);
const UNAVAILABLE = 14;

interface Run {
  readonly code: number | null;
  readonly signal: string | null;
  readonly output: string;
  readonly running: Ended;
  /** A call on the same connection, made while the shutdown waits for the first. */
  readonly later: Ended;
}

/** Sends SIGTERM to the service of grpc-shutdown-app.ts while it runs a call. */
async function signalled(args: string[], kind: Kind): Promise<Run> {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--import', './test/e2e/typescript.mjs', 'test/e2e/grpc-shutdown-app.ts', ...args],
    { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  let output = '';
  let client: ReturnType<typeof bareClient> | undefined;
  let running: Promise<Ended> | undefined;
  let later: Promise<Ended> | undefined;
  createInterface({ input: child.stdout! }).on('line', (line) => {
    output += `${line}\n`;
    if (line.startsWith('port ')) {
      client = bareClient(Number(line.slice(5)));
      running = drive(client, kind, '').ended;
    }
    if (line === 'call begun') child.kill('SIGTERM');
    if (line === 'in-flight') {
      later = drive(client!, 'Get', '').ended;
      void later.then(() => child.stdin!.write('go\n'));
    }
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  const calls = { running: await running!, later: await later! };
  client?.close();
  return { code, signal, output, ...calls };
}

useLeakCheck();

describe.each(['microservice', 'hybrid'])('SIGTERM to a gRPC %s', (kind) => {
  describe.each(['forced', 'graceful'])('whose servers Nest closes %s', (close) => {
    it('takes no new calls, and answers the call in flight', async () => {
      const { running, later, output, signal } = await signalled([kind, close], 'Get');
      expect(later.code).toBe(UNAVAILABLE);
      expect(running).toMatchObject({ code: 0, replies: ['answered'] });
      expect(output.match(/call begun/g)).toHaveLength(1);
      expect(output).toMatch(/Shutdown took .*nothing left/);
      expect(signal).toBe('SIGTERM');
    });

    it('ends a stream that stays open by UNAVAILABLE, names it and ends', async () => {
      const { running, output, signal } = await signalled([kind, close], 'Watch');
      expect(running).toEqual({
        code: UNAVAILABLE,
        details: 'The server is shutting down',
        replies: ['first'],
      });
      expect(output).toContain('stream left');
      expect(output).toMatch(/left: .*1 ended by UNAVAILABLE, oldest shop\.v1\.Orders\/Watch/);
      expect(signal).toBe('SIGTERM');
    });
  });
});
