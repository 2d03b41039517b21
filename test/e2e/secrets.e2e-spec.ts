import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExportReply } from '@nestlens/otlp/receiver';
import { ScriptedOtlpServer, accept, partial, unavailable, useLeakCheck } from '@nestlens/testing';
import { ask } from './health-app.js';
import {
  ECHO,
  ENGINES,
  REFUSED,
  fixture,
  secretIn,
  secretOptions,
  secretVariables,
} from './secrets.js';
import { WorkService } from './work-service.js';

const LIMIT_MS = 90_000;
const UNAUTHENTICATED = 16;
const PATHS = ['/livez', '/readyz', '/readyz?verbose', '/startupz', '/healthz', '/metrics'];

/** Fails with the text around the secret, and the name of the place where it was seen. */
const expectNoSecret = (where: string, text: string): void => {
  expect([where, secretIn(text)]).toEqual([where, undefined]);
};

/** Searches every place where a running service shows text. */
const look = async (service: WorkService): Promise<void> => {
  for (const path of PATHS) {
    const { status, body } = await ask(service.port, path);
    expect([path, status]).toEqual([path, 200]);
    expectNoSecret(path, body);
  }
  const { body } = await ask(service.port, '/inspected');
  // A service that shows nothing would prove nothing.
  expect(body).toContain("name: 'secrets'");
  expectNoSecret('the inspected parts', body);
};

const echo: ExportReply = {
  kind: 'refused',
  code: UNAUTHENTICATED,
  httpStatus: 401,
  message: ECHO,
};

describe.each(ENGINES)('the secrets of a service with the engine %s', (engine) => {
  useLeakCheck({ timeoutMs: 10_000 });

  it.each<[string, ExportReply, string]>([
    ['accepts everything', accept(), 'trace_id='],
    ['repeats secrets in its refusal', echo, '***'],
    ['repeats secrets in a partial success', partial(1, ECHO), '***'],
    ['is unavailable', unavailable(), 'npm'],
  ])(
    'appear nowhere with a collector that %s',
    async (name, reply) => {
      await using server = await ScriptedOtlpServer.start();
      server.script.otherwise(reply);
      const options = secretOptions(engine, server.grpcUrl);
      await using service = await WorkService.start(
        `secrets-${engine}-${reply.kind}`,
        options,
        secretVariables(),
      );
      for (let turn = 0; turn < 5; turn += 1) expect(await service.work()).toBe(200);
      await server.waitForRequests((requests) =>
        ['traces', 'metrics', 'logs'].every((signal) =>
          requests.some((request) => request.signal === signal),
        ),
      );
      await look(service);
      await service.stop();

      const headers = server.requests().map((request) => JSON.stringify(request.headers));
      // The collector got the secrets, because they belong in its headers.
      expect(headers.filter((text) => secretIn(text) === undefined)).toEqual([]);
      const told = service.lines.join('\n');
      expectNoSecret('the output', told);
      expect([name, told]).toEqual([name, expect.stringContaining('OTEL_EXPORTER_OTLP_HEADERS')]);
      if (reply.kind !== 'accepted' && 'message' in reply && reply.message === ECHO) {
        expect(told).toContain('bad credentials: ***');
      }
      const sent = server.requests().map(({ request }) => request);
      const text = JSON.stringify(sent, (_, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      );
      expect(text).toContain('process.pid');
      expect(text).not.toContain('process.command_args');
      expectNoSecret('the exported requests', text);
    },
    LIMIT_MS,
  );

  it(
    'appear nowhere if TLS fails, the passphrase included',
    async () => {
      const options = secretOptions(engine, 'https://127.0.0.1:1');
      const tls = {
        caFile: fixture('ca.pem'),
        certFile: fixture('client.pem'),
        keyFile: fixture('client-encrypted.key'),
        passphrase: 'canary-passphrase',
      };
      await using service = await WorkService.start(
        `secrets-${engine}-tls`,
        { ...options, otlp: { ...options.otlp, tls } },
        secretVariables(),
      );
      expect(await service.work()).toBe(200);
      await look(service);
      await service.stop();
      expectNoSecret('the output', service.lines.join('\n'));
    },
    LIMIT_MS,
  );

  it.each(Object.entries(REFUSED))(
    'are not in the message of %s that stop the start',
    async (name, [otlp, variables, faults]) => {
      const starting = WorkService.start(
        `secrets-${engine}-refused`,
        { otlp: { engine, ...otlp } } as never,
        variables,
      );
      const words = await starting.then(
        (service) => service.stop().then(() => 'it started'),
        (error: unknown) => String(error),
      );
      expect(words).toMatch(new RegExp(`cannot start: ${faults} faults? in its configuration`));
      expectNoSecret(`the message of ${name}`, words);
    },
    LIMIT_MS,
  );
});

describe('a spool', () => {
  useLeakCheck({ timeoutMs: 10_000 });

  it(
    'has no secret in the names and content of its files',
    async () => {
      const directory = await mkdtemp(join(tmpdir(), 'secrets-'));
      await using server = await ScriptedOtlpServer.start();
      server.script.otherwise(unavailable());
      const options = secretOptions('nestlens', server.grpcUrl);
      const spool = { directory, durable: 'always' } as const;
      await using service = await WorkService.start(
        'secrets-spool',
        { ...options, otlp: { ...options.otlp, spool } },
        secretVariables(),
      );
      expect(await service.work()).toBe(200);
      await server.waitForRequests(1);
      await look(service);
      await service.stop();

      const files = await readdir(directory, { recursive: true, withFileTypes: true });
      const names = files
        .filter((file) => file.isFile())
        .map((file) => join(file.parentPath, file.name));
      expect(names.length).toBeGreaterThan(0);
      expectNoSecret('names', names.join('\n'));
      for (const name of names) expectNoSecret(name, await readFile(name, 'latin1'));
      expectNoSecret('the output', service.lines.join('\n'));
      await rm(directory, { recursive: true });
    },
    LIMIT_MS,
  );
});
