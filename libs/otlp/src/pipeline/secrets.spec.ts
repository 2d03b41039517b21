import { inspect } from 'node:util';
import { ScriptedOtlpServer, partial, useLeakCheck } from '@nestlens/testing';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { certificate } from '../pool/fixtures/certificates.js';
import { createPipeline } from './create-pipeline.js';
import type { DestinationOptions, PipelineOptions } from './pipeline-options.js';

const ECHO = 'no rights for anna:canary-url, canary-header, Bearer canary-asked';
const basic = Buffer.from('anna:canary-url').toString('base64');

function expectNoSecret(...seen: readonly unknown[]): void {
  const text = seen
    .map((each) => inspect(each, { depth: null, showHidden: true }) + JSON.stringify(each))
    .join('\n');
  expect(text).not.toMatch(/canary/);
  expect(text).not.toContain(basic);
}

describe('the secrets of a pipeline', () => {
  useLeakCheck();

  it.each([
    ['refusal', { kind: 'refused', code: 16, httpStatus: 401, message: ECHO }],
    ['partial success', partial(1, ECHO)],
  ] as const)('are not shown after a %s that repeats all of them', async (_, reply) => {
    await using server = await ScriptedOtlpServer.start();
    server.script.otherwise(reply);
    const lines: string[] = [];
    const pipeline = createPipeline({
      traces: {
        endpoint: server.grpcUrl.replace('//', '//anna:canary-url@'),
        headers: [{ 'x-key': 'canary-header' }, () => ({ 'x-asked': 'Bearer canary-asked' })],
      },
      worker: false,
      log: (_level, line) => void lines.push(line),
    });
    pipeline.start();
    const { spanProcessor } = pipeline;
    if (spanProcessor === undefined) throw new Error('traces have a destination');
    new TracerProvider({ spanProcessors: [spanProcessor] }).getTracer('spec').startSpan('a').end();
    await pipeline.flush();
    const shown = [pipeline, pipeline.stats(), await pipeline.shutdown(), spanProcessor];
    expect(server.requests()[0]?.headers).toMatchObject({
      authorization: `Basic ${basic}`,
      'x-key': 'canary-header',
      'x-asked': 'Bearer canary-asked',
    });
    expect(lines).toEqual([expect.stringContaining(': no rights for ***, ***, ***')]);
    expectNoSecret(lines, ...shown);
  });

  it.each<[string, DestinationOptions]>([
    ['endpoint', { endpoint: 'ftp://anna:canary-url@h' }],
    ['endpoint', { endpoint: 'https://anna:canary-url@h/?key=canary-query' }],
    ['headers', { endpoint: 'http://h', headers: { 'x-key': 'canary-header\n' } }],
    [
      'tls',
      {
        endpoint: 'https://h',
        tls: {
          certFile: certificate('client.pem'),
          keyFile: certificate('client-encrypted.key'),
          passphrase: 'canary-wrong',
        },
      },
    ],
  ])('are not in the error for an invalid %s', (code, traces) => {
    function make(options: PipelineOptions): unknown {
      try {
        return createPipeline(options);
      } catch (error) {
        return error;
      }
    }
    const error = make({ traces });
    expect(error).toMatchObject({ name: 'TransportConfigError', code });
    expectNoSecret(error, (error as Error).stack);
  });
});
