import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { ScriptedOtlpServer, useLeakCheck } from '@nestlens/testing';
import type { ReceivedLogRecord } from '@nestlens/testing';

const ROOT = new URL('../..', import.meta.url);
const LIMIT_MS = 240_000;
const WAYS = [
  'returns',
  'flushes',
  'exits',
  'exits in a shutdown',
  'throws',
  'rejects',
  'handles',
  'fails to start',
  'token late',
  'token too late',
] as const;

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** The lines that begin with this after Nest's prefix. */
  readonly lines: (begin: string) => string[];
}

async function run(way: string, endpoint: string, engine = 'nestlens'): Promise<Ended> {
  const env = Object.entries(process.env).filter(([key]) => !/^OTEL_|^KUBERNETES_/.test(key));
  const args = ['--import', './test/e2e/typescript.mjs', 'test/e2e/ends-app.ts', way, endpoint];
  const child = spawn(process.execPath, [...args, engine], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...Object.fromEntries(env), NO_COLOR: '1', NODE_NO_WARNINGS: '1' },
  });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  const lines = (begin: string): string[] =>
    `${out}\n${err}`.split('\n').filter((line) => line.includes(begin));
  return { code, out, err, lines };
}

const deadEndpoint = async (): Promise<string> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return `http://127.0.0.1:${port}`;
};

useLeakCheck();

describe('a job that ends', () => {
  let server: ScriptedOtlpServer;
  const ended = new Map<string, Ended>();
  const of = (way: string): Ended => {
    const found = ended.get(way);
    if (found === undefined) throw new Error(`nothing ended that ${way}`);
    return found;
  };
  const isOf =
    (way: string) =>
    ({ resource }: { resource: { attributes: Record<string, unknown> } }): boolean =>
      resource.attributes['service.name'] === way;
  const records = (way: string): readonly ReceivedLogRecord[] =>
    server.logRecords().filter(isOf(way));
  const arrived = (way: string) => ({
    spans: server
      .spans()
      .filter((span) => isOf(way)(span) && span.name !== 'first')
      .map(({ name }) => name),
    ran: records(way).filter(({ body }) => body === 'ran').length,
    counted: server.metrics().some((metric) => isOf(way)(metric) && metric.name === 'jobs'),
  });

  beforeAll(async () => {
    server = await ScriptedOtlpServer.start();
    const dead = await deadEndpoint();
    await Promise.all([
      ...WAYS.map(async (way) => ended.set(way, await run(way, server.httpUrl))),
      run('returns', dead).then((end) => ended.set('away', end)),
      run('sdk', server.httpUrl, 'sdk').then((end) => ended.set('sdk', end)),
    ]);
  }, LIMIT_MS);
  afterAll(() => server.close());

  it('by itself sends all signals, keeps its exit code and prints one line with the counts', () => {
    expect(arrived('returns')).toEqual({ spans: ['Job.run'], ran: 1, counted: true });
    const { code, out, lines, err } = of('returns');
    expect([code, err]).toEqual([7, '']);
    expect(lines('Telemetry at exit')).toHaveLength(1);
    expect(out).toMatch(/Telemetry at exit: traces 1 accepted; metrics \d+ accepted; logs/);
  });

  it('with the official engine sends all signals too', () => {
    expect(of('sdk').code).toBe(7);
    expect(arrived('sdk')).toEqual({ spans: ['Job.run'], ran: 1, counted: true });
  });

  it('ends even if the collector is down, with a line that counts the loss', () => {
    const { code, lines, err } = of('away');
    expect(code).toBe(7);
    expect(lines('Telemetry at exit')).toHaveLength(1);
    expect(err).toMatch(/Telemetry at exit: traces 0 accepted, 1 dropped \(\w+\); metrics/);
  });

  it('waits for a token that takes longer than an attempt does', () => {
    expect(arrived('token late')).toEqual({ spans: ['Job.run'], ran: 1, counted: true });
    const { code, err } = of('token late');
    expect([code, err]).toEqual([7, '']);
  });

  it('ends by itself if the token takes longer than the flush may, and prints one line with the counts', () => {
    const { code, lines, out } = of('token too late');
    expect(code).toBe(7);
    expect(lines('Telemetry at exit')).toHaveLength(1);
    expect(Number(/^asked (\d)$/m.exec(out)?.[1])).toBeLessThanOrEqual(3);
  });

  it('can be killed after a flush, whose result has the counts', () => {
    expect(of('flushes').out).toMatch(/^flushed done [1-9]/m);
    expect(arrived('flushes')).toEqual({ spans: ['Job.run'], ran: 1, counted: true });
  });

  it.each(['exits', 'exits in a shutdown'])(
    'as one that %s sends its last spans and records, and names the loss',
    (way) => {
      const { code, err } = of(way);
      expect(code).toBe(3);
      expect(arrived(way)).toMatchObject({ ran: 1 });
      expect(arrived(way).spans).toContain('Job.run');
      expect(err).toMatch(/Telemetry at exit: traces \d accepted;.*spans that had not ended/);
      expect(err).toMatch(/measurements of the last [\d.]+ s were not collected/);
    },
  );

  it.each([
    ['throws', 'uncaughtException'],
    ['rejects', 'unhandledRejection'],
  ])('as one that %s sends the exception as a fatal log record', (way, origin) => {
    const { code, err } = of(way);
    expect(code).toBe(1);
    expect(err).toContain('TypeError: crash');
    expect(arrived(way)).toMatchObject({ spans: ['Job.run'], ran: 1 });
    const [crash, ...others] = records(way).filter(({ body }) => body === 'crash');
    expect(others).toEqual([]);
    expect(crash).toMatchObject({
      severityText: 'fatal',
      attributes: {
        'exception.type': 'TypeError',
        'exception.message': 'crash',
        'nodejs.exception.origin': origin,
      },
    });
    expect(err.match(/Telemetry at exit/g)).toHaveLength(1);
  });

  it('goes on if it handles the exception itself, whose record has the severity error', () => {
    const { code, out } = of('handles');
    expect([code, out.match(/handled/g)]).toEqual([7, ['handled']]);
    expect(arrived('handles')).toEqual({ spans: ['Job.run'], ran: 1, counted: true });
    expect(records('handles').filter(({ body }) => body === 'crash')).toMatchObject([
      { severityText: 'error' },
    ]);
  });

  it('before the app has started sends its records, one of which says that the start failed', () => {
    const { code } = of('fails to start');
    expect(code).toBe(1);
    expect(arrived('fails to start')).toMatchObject({ spans: ['Job.run'], ran: 1 });
    expect(records('fails to start').map(({ body }) => body)).toContain(
      'The process ended with exit code 1 before the app had started',
    );
  });
});
