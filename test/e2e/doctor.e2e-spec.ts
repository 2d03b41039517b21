import { once } from 'node:events';
import { createServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { RequestListener, Server } from 'node:http';
import { createServer as createSilentServer } from 'node:net';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { refuse, ScriptedOtlpServer, unavailable, useLeakCheck } from '@nestlens/testing';
import { pem } from '../../libs/otlp/src/pool/fixtures/certificates.js';
import { DoctorProject, SOUND } from './doctor-project.js';
import type { Ended } from './doctor-project.js';

/** This limit is long enough for a slow machine. A spec of the limit itself sets a short one. */
const PATIENT = ['doctor', '--json', '--timeout', '100000'];
const UNAUTHENTICATED = 16;
const HOUR_S = 3600;
/** Makes Node fail to load the pipeline, like a Node that is too old for it. */
const UNLOADABLE = `--import data:text/javascript,${encodeURIComponent(
  `import { registerHooks } from 'node:module';
  registerHooks({ resolve(name, context, next) {
    if (name === '@nestlens/otlp') throw new SyntaxError('no export of that name');
    return next(name, context);
  } });`,
)}`;

const statesOf = ({ findings }: Ended): Record<string, string> =>
  Object.fromEntries(Object.entries(findings).map(([check, { state }]) => [check, state]));

const listening = async (server: NetServer): Promise<number> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

describe('nestlens doctor', () => {
  useLeakCheck();
  const projects: DoctorProject[] = [];
  const servers: { close: () => unknown }[] = [];
  const project = (files: Readonly<Record<string, string>> = {}): DoctorProject => {
    const made = new DoctorProject({ ...SOUND, ...files });
    projects.push(made);
    return made;
  };
  const collector = async (): Promise<ScriptedOtlpServer> => {
    const server = await ScriptedOtlpServer.start();
    servers.push(server);
    return server;
  };
  const httpServer = async (answer: RequestListener): Promise<string> => {
    const server: Server = createServer(answer);
    servers.push(server);
    return `http://127.0.0.1:${await listening(server)}`;
  };
  afterEach(async () => {
    for (const one of projects.splice(0)) one.remove();
    for (const server of servers.splice(0)) await server.close();
  });

  it('finds no fault in a sound project, and sends one request without items for each signal', async () => {
    const server = await collector();
    const run = await project().doctor(['doctor', '--timeout', '100000'], {
      OTEL_EXPORTER_OTLP_ENDPOINT: server.grpcUrl,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=shop',
    });
    expect(run.stderr).toBe('');
    const lines = run.stdout.trimEnd().split('\n');
    expect(lines.slice(0, -2).map((line) => line.slice(0, 29).trimEnd())).toEqual([
      'ok           node',
      'ok           nestlens',
      'ok           nest',
      'ok           opentelemetry',
      'ok           copies',
      'ok           module',
      'ok           shutdown hooks',
      'ok           import order',
      'ok           options',
      'ok           traces',
      'ok           metrics',
      'ok           logs',
      'ok           clock',
    ]);
    expect(lines.at(-1)).toBe('13 ok, 0 warning, 0 fault, 0 not checked');
    expect(run.code).toBe(0);
    expect(
      server
        .requests()
        .map(({ signal, items }) => `${signal} ${items}`)
        .toSorted(),
    ).toEqual(['logs 0', 'metrics 0', 'traces 0']);
    for (const { headers } of server.requests()) expect(headers['x-tenant']).toBe('shop');
  });

  it("reports a refusal in the collector's words, without credentials", async () => {
    const server = await collector();
    server.script.otherwise(refuse(UNAUTHENTICATED, 401)).nextOf('logs', unavailable());
    const files = {
      'otel.mjs': `export default {
        otlp: { endpoint: '${server.httpUrl}', protocol: 'http/protobuf', auth: { type: 'bearer', token: () => 'canary-token' } },
        logs: { level: 'log' },
      };\nsetInterval(() => {}, 1000);\n`,
    };
    const run = await project(files).doctor([...PATIENT, '--options', 'otel.mjs'], {
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=canary-header',
    });
    expect(run.code).toBe(1);
    expect(statesOf(run)).toMatchObject({
      options: 'ok',
      traces: 'fault',
      metrics: 'fault',
      logs: 'warning',
    });
    expect(run.findings['traces']).toEqual({
      state: 'fault',
      text: expect.stringContaining(
        `http/protobuf ${server.httpUrl}/v1/traces refuses it: 401; traces refused by 127.0.0.1:${server.httpPort} (401): scripted: refused with 16`,
      ),
      remedy: 'are the credentials right?',
    });
    expect(run.findings['logs']?.text).toContain('answers, and takes nothing now: 503');
    expect(server.requests()[0]?.headers['authorization']).toBe('Bearer canary-token');
    expect(run.stdout + run.stderr).not.toContain('canary');
    expect(server.requests()).toHaveLength(3);
  });

  it('reports another protocol, a web page, a certificate of an unknown CA and a closed port', async () => {
    const server = await collector();
    const page = await httpServer((_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end('<h1>It works!</h1>');
    });
    const tls = createSecureServer({ cert: pem('server.pem'), key: pem('server.key') });
    servers.push(tls);
    const tlsPort = await listening(tls);
    const gone = createSilentServer();
    const gonePort = await listening(gone);
    gone.close();
    const shop = project();
    const runs = await Promise.all([
      shop.doctor(PATIENT, { OTEL_EXPORTER_OTLP_ENDPOINT: server.httpUrl }),
      shop.doctor(PATIENT, {
        OTEL_EXPORTER_OTLP_ENDPOINT: page,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      }),
      shop.doctor(PATIENT, { OTEL_EXPORTER_OTLP_ENDPOINT: `https://localhost:${tlsPort}` }),
      shop.doctor(PATIENT, { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${gonePort}` }),
    ]);
    expect(runs.map(({ code }) => code)).toEqual([1, 1, 1, 1]);
    const said = runs.map(({ findings: { traces } }) => `${traces?.text} -> ${traces?.remedy}`);
    expect(said).toEqual([
      expect.stringMatching(
        /cannot be reached: \w+ -> is this a port of OTLP over gRPC, as 4317\?/,
      ),
      expect.stringMatching(/answers, but not as OTLP does -> correct the host, port or path/),
      expect.stringMatching(
        /cannot be reached: \w+ -> the CA .* is not known here: give it as tls.caFile/,
      ),
      expect.stringMatching(/cannot be reached: ECONNREFUSED -> nothing listens there/),
    ]);
    expect(runs[3]?.findings['clock']?.state).toBe('not checked');
  });

  it.each([
    [HOUR_S, 'ahead of'],
    [-HOUR_S, 'behind'],
  ])('reports a clock that is %d s off', async (seconds, side) => {
    const url = await httpServer((_request, response) => {
      response.setHeader('date', new Date(Date.now() + seconds * 1000).toUTCString());
      response.setHeader('content-type', 'application/x-protobuf');
      response.end();
    });
    const run = await project().doctor(PATIENT, {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    });
    expect(run.code).toBe(0);
    expect(statesOf(run)).toMatchObject({ traces: 'ok', clock: 'warning' });
    expect(run.findings['clock']?.text).toMatch(new RegExp(`is \\d{4} s ${side} this clock`));
  });

  it('ends even if neither the collector nor the options file answers', async () => {
    const silent = createSilentServer((socket) => socket.on('error', () => {}).resume());
    const port = await listening(silent);
    const files = { 'otel.mjs': 'await new Promise(() => setInterval(() => {}, 1000));' };
    const shop = project(files);
    const [collectorRun, optionsRun] = await Promise.all([
      shop.doctor(['doctor', '--json', '--timeout', '300'], {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      }),
      shop.doctor(['doctor', '--json', '--timeout', '300', '--options', 'otel.mjs']),
    ]);
    silent.close();
    expect(collectorRun.findings['traces']?.text).toMatch(/cannot be reached: no answer in time/);
    expect(collectorRun.code).toBe(1);
    expect(optionsRun.findings['options']?.text).toBe('no answer within 300 ms');
    expect(statesOf(optionsRun)).toMatchObject({ options: 'not checked', traces: 'not checked' });
    expect(optionsRun.code).toBe(0);
  });

  it('reports each fault of a project with its file', async () => {
    const run = await project({
      'node_modules/@nestjs/core/package.json': '{ "name": "@nestjs/core", "version": "10.4.1" }',
      'node_modules/rxjs/package.json': '{}',
      'node_modules/old/node_modules/@opentelemetry/api/package.json':
        '{ "name": "@opentelemetry/api", "version": "1.8.0" }',
      'src/orders.ts': `import { metrics } from '@opentelemetry/api';
export const placed = metrics.getMeter('orders').createCounter('orders.placed');
`,
      'src/main.ts': `import './orders.js';
import { AppModule } from './app.module.js';
import * as Sentry from '@sentry/nestjs';
/* app.enableShutdownHooks(); */ // app.enableShutdownHooks()
Sentry.init({});
`,
      'otel.mjs': "export default { otlp: { endpoint: 'collector:4317' } };",
    }).doctor([...PATIENT, '--options', 'otel.mjs']);
    expect(run.code).toBe(1);
    expect(run.findings).toMatchObject({
      nest: {
        state: 'fault',
        text: expect.stringMatching(
          /@nestjs\/core is 10\.4\.1, and @nestlens\/otel [\d.]+ supports .*; rxjs is not installed/,
        ),
        remedy: expect.stringMatching(/^npm install "@nestjs\/core@.*" "rxjs@.*"$/),
      },
      copies: {
        state: 'warning',
        text: expect.stringMatching(
          /@opentelemetry\/api is there 2 times \(.*1\.8\.0 in node_modules\/old\/node_modules/,
        ),
      },
      'shutdown hooks': {
        state: 'warning',
        text: expect.stringMatching(/not found in src\/main\.ts and the 2 files that it imports/),
      },
      'import order': {
        state: 'warning',
        text: expect.stringMatching(
          /stays silent: src\/orders\.ts:2; @sentry\/nestjs .*\(src\/main\.ts:3\)/,
        ),
      },
      options: {
        state: 'fault',
        text: expect.stringMatching(/otlp\.endpoint: found "collector:4317"/),
      },
      traces: { state: 'not checked', text: 'the options are not known' },
    });
  });

  it('names missing packages without a project, and prints the usage for a wrong command', async () => {
    const empty = new DoctorProject({ 'package.json': '{}' });
    projects.push(empty);
    const [nothing, unloadable, wrong, help] = await Promise.all([
      empty.doctor(PATIENT, { OTEL_SDK_DISABLED: 'true' }),
      project().doctor(PATIENT, { NODE_OPTIONS: UNLOADABLE }),
      empty.doctor(['docter']),
      empty.doctor(['--help']),
    ]);
    expect(statesOf(nothing)).toMatchObject({
      node: 'not checked',
      nestlens: 'fault',
      nest: 'not checked',
      'shutdown hooks': 'not checked',
      traces: 'not checked',
      clock: 'not checked',
    });
    expect(nothing.code).toBe(1);
    expect(unloadable.findings).toMatchObject({
      node: { state: 'ok' },
      'options and collector': {
        state: 'not checked',
        text: 'the package cannot be loaded: no export of that name',
      },
    });
    expect([wrong.code, help.code]).toEqual([2, 0]);
    expect(wrong.stderr).toContain('Usage: nestlens doctor');
    expect(help.stdout).toContain('Usage: nestlens doctor');
  });
});
