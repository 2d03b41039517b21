import { createOtlpReceiver } from '../receiver/index.js';
import type { ExportReply, OtlpReceiver } from '../receiver/index.js';
import { patience, smallBatch } from './fixtures/batches.js';
import { createGrpcSender } from './grpc-sender.js';
import { basic, bearer } from './headers.js';
import type { Headers } from './headers.js';
import { createHttpSender } from './http-sender.js';
import { SentSecrets } from './sent-secrets.js';

const INVALID_ARGUMENT = 3;

function masked(text: string, ...sent: Record<string, string>[]): string {
  const secrets = new SentSecrets();
  for (const headers of sent) secrets.remember(headers);
  return secrets.mask(text);
}

describe('the message of a collector', () => {
  const authorization = `Basic ${btoa('anna:canary/1')}`;

  it.each<[string, Record<string, string>, string]>([
    ['no access for canary-key', { 'x-key': 'canary-key' }, 'no access for ***'],
    ['bad token canary-t', { authorization: 'Bearer canary-t' }, 'bad token ***'],
    ['got Bearer canary-t.', { authorization: 'Bearer canary-t' }, 'got ***.'],
    [`got ${authorization}`, { authorization }, 'got ***'],
    ['anna:canary/1 is unknown', { authorization }, '*** is unknown'],
    ['canary/1 is wrong', { authorization }, '*** is wrong'],
    ['?token=canary%2F1', { authorization }, '?token=***'],
    [`key ${btoa('canary-key')}`, { 'x-key': 'canary-key' }, 'key ***'],
    ['tenant a1 is full', { 'x-tenant': 'a1' }, 'tenant a1 is full'],
    ['nothing of ours', { 'x-key': 'canary-key' }, 'nothing of ours'],
  ])('is masked: %s', (text, headers, expected) => {
    expect(masked(text, headers)).toBe(expected);
  });

  it('is masked with the longer of two secrets', () => {
    expect(masked('canary-and-more', { a: 'canary', b: 'canary-and-more' })).toBe('***');
  });

  it('is masked if it was cut inside a secret', () => {
    expect(masked('refused: cana', { 'x-key': 'canary-key' })).toBe('refused: ***');
    expect(masked('refused: can', { 'x-key': 'canary-key' })).toBe('refused: can');
  });

  it('is masked for tokens of earlier requests too', () => {
    const tokens = Array.from({ length: 5 }, (_, at) => ({ 'x-key': `canary-${at}` }));
    expect(masked('canary-0 and canary-4', ...tokens)).toBe('*** and ***');
  });

  describe.each(['grpc', 'http'] as const)('over %s', (protocol) => {
    let receiver: OtlpReceiver;
    let reply: (header: string) => ExportReply;
    const told: string[] = [];

    async function outcomeOf(headers: Headers): Promise<unknown> {
      receiver = createOtlpReceiver({
        grpcPort: 0,
        httpPort: 0,
        onExport: ({ headers: got }) => reply(got['authorization'] ?? got['x-key'] ?? ''),
      });
      const { grpcPort, httpPort } = await receiver.start();
      function warn(code: string, text: string): void {
        void told.push(`${code} ${text}`);
      }
      const port = protocol === 'grpc' ? grpcPort : httpPort;
      const options = { endpoint: `http://127.0.0.1:${port}`, headers, warn };
      const sender =
        protocol === 'grpc'
          ? createGrpcSender(options)
          : createHttpSender({ ...options, content: 'protobuf', proxy: false });
      try {
        return await sender.send(smallBatch(), patience());
      } finally {
        await sender.close();
      }
    }

    beforeEach(() => void (told.length = 0));
    afterEach(() => receiver.close());

    it.each<[string, Headers]>([
      ['by value', { 'x-key': 'canary-key' }],
      ['of a function', bearer(() => 'canary-token')],
      ['of a user and a password', basic('anna', 'canary-password')],
    ])('is masked in the warning for a header %s', async (_what, headers) => {
      reply = (header) => ({
        kind: 'refused',
        code: INVALID_ARGUMENT,
        message: `no access for ${header}, ${Buffer.from(header.slice(6), 'base64').toString()}`,
      });
      const outcome = await outcomeOf(headers);
      expect(outcome).toMatchObject({ kind: 'refused' });
      expect(told).toHaveLength(1);
      expect(told[0]).toContain('no access for ***');
      expect(JSON.stringify([outcome, told])).not.toMatch(/canary/);
    });

    it('is masked in the warning of a partial success', async () => {
      reply = (header) => ({ kind: 'partial', rejected: 1, message: `${header} has no rights` });
      const outcome = await outcomeOf({ 'x-key': 'canary-key' });
      expect(outcome).toEqual({ kind: 'partial', rejected: 1, reason: '*** has no rights' });
      expect(told).toEqual([
        expect.stringContaining(': *** has no rights; what it refuses is lost'),
      ]);
    });

    it('is replaced by our own if a function for headers fails, and the attempt is retried', async () => {
      reply = () => ({ kind: 'accepted' });
      for (const answer of [undefined, 7, { 'x y': 'canary' }, { a: 'canary\n' }]) {
        told.length = 0;
        const outcome = await outcomeOf(() => answer as never);
        expect(outcome).toEqual({ kind: 'retry', reason: 'headers' });
        expect(told).toEqual([expect.stringMatching(/^headers the function for headers threw,/)]);
        await receiver.close();
      }
    });
  });
});
