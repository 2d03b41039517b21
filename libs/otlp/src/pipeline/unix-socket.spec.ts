import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PATIENT } from './fixtures/patient.js';
import { createTelemetry } from './fixtures/telemetry.js';
import { createPipeline } from './create-pipeline.js';

describe('OTLP/HTTP over a unix socket', () => {
  const paths = new Set<string | undefined>();
  let folder: string;
  let server: Server;

  beforeEach(async () => {
    paths.clear();
    folder = await mkdtemp(join(tmpdir(), 'pipeline-'));
    server = createServer((request, response) => {
      paths.add(request.url);
      request.resume().on('end', () => response.end());
    });
    server.listen(join(folder, 'http.sock'));
    await once(server, 'listening');
  });

  afterEach(async () => {
    server.close();
    await once(server, 'close');
    await rm(folder, { recursive: true });
  });

  it.each(['http/protobuf', 'http/json'] as const)(
    'uses the path of the signal by %s, since the endpoint cannot have one',
    async (protocol) => {
      const to = { protocol, endpoint: `unix:${join(folder, 'http.sock')}` };
      const pipeline = createPipeline({ traces: to, logs: to, worker: false, ...PATIENT });
      const telemetry = createTelemetry(pipeline);
      telemetry.spans(1);
      telemetry.logger.emit({ body: 'hello' });
      pipeline.start();
      expect(await pipeline.flush()).toEqual({ kind: 'done' });
      expect(paths).toEqual(new Set(['/v1/logs', '/v1/traces']));
      await pipeline.shutdown();
    },
  );
});
