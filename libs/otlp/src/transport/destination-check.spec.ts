import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useLeakCheck } from '@nestlens/testing';
import { createPipeline } from '../pipeline/create-pipeline.js';
import type { DestinationOptions } from '../pipeline/pipeline-options.js';
import { certificate } from '../pool/fixtures/certificates.js';
import { checkDestination } from './destination-check.js';
import type { CheckSources } from './destination-check.js';
import { createGrpcSender } from './grpc-sender.js';
import { createHttpSender } from './http-sender.js';

const MISSING = '/nowhere/ca.pem';

function errorOf(make: () => unknown): unknown {
  try {
    make();
  } catch (error) {
    return error;
  }
  return 'made';
}

describe('checkDestination', () => {
  useLeakCheck();

  it('finds no fault in a valid destination, and opens no connection', () => {
    const tls = { caFile: certificate('ca.pem') };
    const checked = checkDestination(
      { protocol: 'http/protobuf', endpoint: 'https://c:4318/v1/traces', tls },
      { env: { HTTPS_PROXY: 'http://anna:canary@p:3128' } },
    );
    expect(checked.faults).toEqual([]);
    expect(checked.endpoint).toMatchObject({ authority: 'c:4318', path: '/v1/traces' });
    expect(checked.proxy).toMatchObject({ authority: 'p:3128' });
    expect(checked.tls?.material?.ca).toContain('BEGIN CERTIFICATE');
  });

  it('returns all faults at once, as values', () => {
    const { faults } = checkDestination(
      {
        protocol: 'http/json',
        endpoint: 'http://c:4318',
        headers: [{ 'x y': 'canary' }],
        tls: { caFile: MISSING },
      },
      { env: { HTTP_PROXY: 'canary' }, pool: { sessions: 0 } },
    );
    expect(faults.map(({ code }) => code)).toEqual(['tls', 'headers', 'pool', 'proxy']);
    expect(faults).toContainEqual({
      code: 'tls',
      file: 'caFile',
      text: 'the file cannot be read (ENOENT); write the path of a PEM file',
    });
    expect(JSON.stringify(faults)).not.toContain('canary');
  });

  it.each<[string, CheckSources, number]>([
    ['gRPC', { env: { HTTP_PROXY: 'nonsense' } }, 0],
    ['http/protobuf', { env: { HTTP_PROXY: 'nonsense' } }, 1],
    ['http/protobuf', { env: { HTTP_PROXY: 'nonsense', NO_PROXY: 'c' } }, 0],
    ['http/protobuf', { env: undefined }, 0],
  ])('checks the proxy only if it would be used: %s, %j', (protocol, sources, count) => {
    const to = { protocol: protocol === 'gRPC' ? 'grpc' : 'http/protobuf' } as const;
    const { faults } = checkDestination({ ...to, endpoint: 'http://c:4318' }, sources);
    expect(faults).toHaveLength(count);
  });

  it('reads TLS files with the given reader', () => {
    const asked: unknown[] = [];
    const reading = { material: undefined, faults: [], warnings: [], signature: '' };
    const tls = { caFile: MISSING };
    const sources = { readTls: (options: unknown) => (asked.push(options), reading) };
    const { faults } = checkDestination({ protocol: 'grpc', endpoint: 'https://c', tls }, sources);
    expect([asked, faults]).toEqual([[tls], []]);
  });
});

describe('createPipeline', () => {
  useLeakCheck();

  it.each<[string, DestinationOptions]>([
    ['a missing scheme', { endpoint: 'c:4317' }],
    ['a query', { endpoint: 'http://c/?a' }],
    ['port 0', { endpoint: 'http://c:0' }],
    ['an invalid header', { endpoint: 'http://c', headers: { 'x y': 'a' } }],
    [
      'a function for headers beside an invalid header',
      { endpoint: 'http://c', headers: [() => ({}), { a: '\n' }] },
    ],
    ['a missing file', { endpoint: 'https://c', tls: { caFile: MISSING } }],
    ['a certificate without its key', { endpoint: 'https://c', tls: { certFile: MISSING } }],
    ['TLS to plain text', { endpoint: 'http://c:1', tls: { caFile: certificate('ca.pem') } }],
  ])('refuses %s with the same error as the sender', (_what, traces) => {
    for (const protocol of ['grpc', 'http/protobuf'] as const) {
      const headers = [traces.headers ?? []].flat();
      function make(): unknown {
        return protocol === 'grpc'
          ? createGrpcSender({ ...traces, headers })
          : createHttpSender({ ...traces, headers, content: 'protobuf' });
      }
      expect(errorOf(make)).toBeInstanceOf(Error);
      const refused = errorOf(() => createPipeline({ traces: { ...traces, protocol } }));
      expect(refused).toEqual(errorOf(make));
    }
  });

  it('does not check the files of a checked destination again, and reports later changes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'checked-'));
    const caFile = join(folder, 'ca.pem');
    await writeFile(caFile, '');
    const traces = { endpoint: 'https://c:1', tls: { caFile } };
    expect(errorOf(() => createPipeline({ traces }))).toMatchObject({ code: 'tls' });
    const lines: string[] = [];
    function log(_level: string, line: string): void {
      void lines.push(line);
    }
    const pipeline = createPipeline({ traces, isChecked: true, worker: false, log });
    pipeline.start();
    // What sends on the main thread is loaded first.
    while (lines.length === 0) await new Promise(setImmediate);
    expect(lines).toEqual([expect.stringContaining(`${caFile}: the file is empty`)]);
    await pipeline.shutdown(AbortSignal.timeout(100));
    await rm(folder, { recursive: true });
  });
});
