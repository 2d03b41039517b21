import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

const root = process.cwd();
/** Runs from source, because a build could be stale. */
const hook = `
import { registerHooks } from 'node:module';
const libs = {
  '@nestlens/lens': 'libs/lens/src/index.ts',
  '@nestlens/otlp/wire': 'libs/otlp/src/wire/index.ts',
  '@nestlens/otlp/receiver': 'libs/otlp/src/receiver/index.ts',
};
registerHooks({ resolve(name, context, next) {
  if (name in libs) return next(${JSON.stringify(`file://${root}/`)} + libs[name], context);
  if (name.startsWith('.') && !context.parentURL.includes('node_modules')) return next(name.replace(/\\.js$/, '.ts'), context);
  return next(name, context);
} });`;
const anyPort = { LENS_GRPC_PORT: '0', LENS_HTTP_PORT: '0', LENS_API_PORT: '0' };

const children: Child[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) await child.end();
});

class Child {
  readonly process: ChildProcess;
  readonly exited: Promise<unknown[]>;
  output = '';

  constructor(env: { [key: string]: string }, ipc = true) {
    const args = [
      '--no-warnings',
      '--import',
      `data:text/javascript,${encodeURIComponent(hook)}`,
      join(root, 'apps/lens/src/main.ts'),
    ];
    this.process = spawn(process.execPath, args, {
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
    });
    this.exited = once(this.process, 'close');
    for (const stream of [this.process.stdout!, this.process.stderr!]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        this.output += chunk;
      });
    }
    children.push(this);
  }

  async listening(): Promise<any> {
    const [message] = await Promise.race([
      once(this.process, 'message'),
      this.exited.then(() => Promise.reject(new Error(this.output))),
    ]);
    return message;
  }

  async end(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.exited;
  }
}

describe('apps/lens', () => {
  it('prints its ports, receives, and prints its counts on SIGINT', async () => {
    const child = new Child(anyPort);
    const message = await child.listening();
    expect(message).toEqual({
      type: 'listening',
      host: '127.0.0.1',
      grpcPort: expect.any(Number),
      httpPort: expect.any(Number),
      apiPort: expect.any(Number),
      grpcUrl: `http://127.0.0.1:${message.grpcPort}`,
      httpUrl: `http://127.0.0.1:${message.httpPort}`,
      apiUrl: `http://127.0.0.1:${message.apiPort}`,
    });
    const headers = { 'content-type': 'application/json' };
    const record = { body: { stringValue: 'hello' }, timeUnixNano: '1' };
    const body = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] });
    await (await fetch(`${message.httpUrl}/v1/logs`, { method: 'POST', headers, body })).text();
    const { logs }: any = await (await fetch(`${message.apiUrl}/api/logs`)).json();
    expect(logs).toMatchObject([{ body: 'hello' }]);
    child.process.kill('SIGINT');
    expect(await child.exited).toEqual([0, null]);
    expect(child.output).toContain(`OTLP/gRPC  ${message.grpcUrl}\n`);
    expect(child.output).toContain(`API        ${message.apiUrl}/api/traces\n`);
    expect(child.output).toContain('log records 1 received, 0 refused, 0 evicted');
  });

  it('stops on SIGTERM even if a client holds a connection, and without IPC', async () => {
    const child = new Child(anyPort, false);
    while (!child.output.includes('/api/traces\n')) await once(child.process.stdout!, 'data');
    const api = /API\s+(http:\/\/[\d.:]+)/.exec(child.output)?.[1];
    const live = await fetch(`${api}/api/live`);
    child.process.kill('SIGTERM');
    await live.text().catch(() => undefined);
    expect(await child.exited).toEqual([0, null]);
  });

  it('exits at once on the second signal', async () => {
    const child = new Child(anyPort);
    const { httpPort, httpUrl } = await child.listening();
    // This export never sends its body, so the first stop waits for it.
    const socket = connect(httpPort, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      'POST /v1/logs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
        'expect: 100-continue\r\ncontent-length: 9\r\n\r\n',
    );
    await once(socket, 'data');
    child.process.kill('SIGINT');
    function listens() {
      return fetch(httpUrl).then(
        () => true,
        () => false,
      );
    }
    while (await listens());
    child.process.kill('SIGTERM');
    expect(await child.exited).toEqual([143, null]);
    expect(child.output).not.toContain('stopped');
    socket.destroy();
  });

  it('exits with 2 and lists every fault if a variable is wrong', async () => {
    const child = new Child({ ...anyPort, LENS_API_PORT: 'web', LENS_MAX_BYTES: '1GB' });
    expect(await child.exited).toEqual([2, null]);
    expect(child.output).toContain('LENS_API_PORT=web is wrong; write a port');
    expect(child.output).toContain('LENS_MAX_BYTES=1GB is wrong; write bytes');
    const small = new Child({ ...anyPort, LENS_MAX_BYTES: '1000' });
    expect(await small.exited).toEqual([2, null]);
    expect(small.output).toContain('maxBytes is 1000; write a whole number');
    const production = new Child({ ...anyPort, NODE_ENV: 'production' });
    expect(await production.exited).toEqual([2, null]);
  });

  it('exits with 1 and names the port and its variable if the port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    try {
      const child = new Child({ ...anyPort, LENS_HTTP_PORT: String(port) });
      expect(await child.exited).toEqual([1, null]);
      expect(child.output).toContain(`Port ${port} on 127.0.0.1 is in use (httpPort)`);
      expect(child.output).toContain('LENS_HTTP_PORT');
    } finally {
      server.close();
    }
  });
});
