import { X509Certificate, createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { patience, recordTelemetry, ScriptedOtlpServer, useLeakCheck } from '@nestlens/testing';
import type { RecordedTelemetry } from '@nestlens/testing';
import { OtelConfigError } from '../options/faults.js';
import { ENGINES } from '../options/fixtures/engines.js';
import { resolveConfig } from '../options/resolve.js';
import type { ExportEngine } from './engine.js';
import { createEngine } from './engines.js';
import { useTold } from './fixtures/told.js';

const pem = (name: string): string =>
  readFileSync(new URL(`../options/fixtures/${name}`, import.meta.url), 'latin1');
/** A certificate that does not belong to `localhost-key.pem`. */
const OTHER = readFileSync(
  new URL('../../../otlp/src/pool/fixtures/ca.pem', import.meta.url),
  'latin1',
);
const CERT = pem('localhost.pem');
const KEY = pem('localhost-key.pem');
const ENDS = Date.parse(new X509Certificate(CERT).validTo);
const OTHER_ENDS = Date.parse(new X509Certificate(OTHER).validTo);
const BEGINS = Date.parse(new X509Certificate(CERT).validFrom);
const DAY = 24 * 3_600_000;
const EMPTY = '';
const BAD = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const PASSPHRASE = 'canary-passphrase';

describe.each(ENGINES)('bad TLS files for the engine %s', (name) => {
  useLeakCheck();
  let telemetry: RecordedTelemetry;
  const running: ExportEngine[] = [];
  let folder: string;
  const told = useTold();

  const at = (file: string): string => join(folder, file);
  const write = async (file: string, content: string | Buffer, mode = 0o600): Promise<string> => {
    await writeFile(at(file), content);
    await chmod(at(file), mode);
    return at(file);
  };

  /** Starts an engine, and collects its warnings in `told`. */
  const start = async (
    tls: object,
    endpoint = 'https://127.0.0.1:4317',
    variables = {},
  ): Promise<void> => {
    const worker = name === 'nestlens' ? { worker: false } : {};
    const config = resolveConfig({ otlp: { engine: name, endpoint, tls, ...worker } }, variables);
    told.push(...config.warnings);
    running.push(await createEngine(config));
  };
  const refusal = async (
    tls: object,
    endpoint?: string,
    variables?: NodeJS.ProcessEnv,
  ): Promise<string> => {
    try {
      await start(tls, endpoint, variables);
    } catch (error) {
      if (!(error instanceof OtelConfigError)) throw error;
      return error.message;
    }
    return 'started';
  };
  const stop = async (): Promise<void> => {
    for (const engine of running.splice(0)) await engine.shutdown(AbortSignal.timeout(1000));
  };
  const pair = async (cert = CERT, key = KEY, mode = 0o600) => ({
    certFile: await write('tls.crt', cert),
    keyFile: await write('tls.key', key, mode),
  });

  beforeAll(() => void (telemetry = recordTelemetry()));
  // Without a thread, what sends is loaded by the first engine, and warns from then on at once.
  beforeAll(async () => {
    const server = await ScriptedOtlpServer.start();
    const config = resolveConfig({ otlp: { endpoint: server.grpcUrl, worker: false } }, {});
    const engine = await createEngine(config);
    const { spanProcessor } = engine;
    if (spanProcessor === undefined) throw new Error('traces are on');
    const provider = new TracerProvider({ spanProcessors: [spanProcessor] });
    provider.getTracer('spec').startSpan('first').end();
    await engine.flush(patience());
    if (server.spans().length !== 1) throw new Error('the first span has not arrived');
    await engine.shutdown(patience());
    await provider.shutdown();
    await server.close();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tls-files-'));
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await stop();
    await rm(folder, { recursive: true });
  });
  afterAll(() => telemetry.restore());

  it.each([
    ['missing', undefined, 'the file cannot be read (ENOENT)'],
    ['empty', EMPTY, 'the file is empty'],
    ['DER', new X509Certificate(CERT).raw, 'the file holds no PEM block'],
    ['with a byte order mark', `\u{feff}${CERT}`, 'begins with a byte order mark'],
    ['in UTF-16', Buffer.from(CERT, 'utf16le'), 'the file holds no PEM block'],
    ['PEM without a certificate', KEY, 'the certificate cannot be read'],
    ['cut off', CERT.slice(0, 300), 'the certificate cannot be read'],
  ])(
    'stop the start if the CA file is %s, and the message names its path',
    async (_what, content, why) => {
      const caFile = at('ca.pem');
      if (content !== undefined) await writeFile(caFile, content);
      expect(await refusal({ caFile })).toContain(`otlp.tls.caFile: found "${caFile}"; `);
      expect(await refusal({ caFile })).toContain(why);
    },
  );

  it('stop the start if a directory is given for a file', async () => {
    const message = await refusal({ caFile: folder, certFile: folder, keyFile: folder });
    for (const key of ['caFile', 'certFile', 'keyFile']) {
      expect(message).toContain(`otlp.tls.${key}: found "${folder}"; `);
    }
    expect(message).toContain('EISDIR');
  });

  it('may have CRLF line ends', async () => {
    const crlf = (text: string): string => text.replaceAll('\n', '\r\n');
    const caFile = await write('ca.pem', crlf(CERT));
    await start({ caFile, ...(await pair(crlf(CERT), crlf(KEY))) });
    expect(told).toEqual([]);
  });

  const ed25519 = generateKeyPairSync('ed25519').privateKey;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const exported = { type: 'pkcs8', format: 'pem' } as const;
  const encrypted = createPrivateKey(KEY).export({
    ...exported,
    cipher: 'aes-256-cbc',
    passphrase: PASSPHRASE,
  }) as string;

  it.each([
    ['that of another pair', CERT, pem('other-key.pem'), 'does not belong to the certificate'],
    ['an Ed25519 key', CERT, ed25519.export(exported), 'does not belong to the certificate'],
    ['an RSA key', CERT, rsa.export(exported), 'does not belong to the certificate'],
    [
      'given with a chain in the wrong order',
      OTHER + CERT,
      KEY,
      'put it first, its issuers after it',
    ],
    ['encrypted', CERT, encrypted, 'the key is encrypted; give tls.passphrase'],
    ['no key', CERT, CERT, 'the key cannot be used'],
  ])(
    'stop the start if the key is %s, and the message names the file',
    async (_what, cert, key, why) => {
      const files = await pair(cert, key as string);
      expect(await refusal(files)).toContain(`otlp.tls.keyFile: found "${files.keyFile}"; `);
      expect(await refusal(files)).toContain(why);
    },
  );

  it('may hold a chain after the own certificate, and an encrypted key with its passphrase', async () => {
    await start({ ...(await pair(CERT + OTHER, encrypted)), passphrase: PASSPHRASE });
    expect(told).toEqual([]);
  });

  it('stop the start if the passphrase is wrong, and the message does not show it', async () => {
    const message = await refusal({ ...(await pair(CERT, encrypted)), passphrase: 'canary-wrong' });
    expect(message).toContain('the key does not open with tls.passphrase');
    expect(message).not.toContain('canary');
  });

  it('stop the start if one of certificate and key is missing, and the message names the missing one', async () => {
    const { certFile, keyFile } = await pair();
    expect(await refusal({ certFile })).toContain(
      'otlp.tls.keyFile: certFile is given without its key',
    );
    expect(await refusal({ keyFile })).toContain('otlp.tls.certFile: keyFile is given without its');
  });

  it.each([
    ['expired', ENDS + 1000, /expired on /],
    ['expires in a week', ENDS - 6 * DAY, /expires on /],
    ['is not valid yet', BEGINS - DAY, /is not valid before /],
  ])('start with a warning and its date if the certificate %s', async (_, now, text) => {
    const files = await pair();
    jest.spyOn(Date, 'now').mockReturnValue(now);
    await start(files);
    expect(told).toEqual([expect.stringMatching(text)]);
    expect(told.join()).toMatch(/\b2\d{3}\b/);
    expect(told.join()).toContain(name === 'sdk' ? 'otlp.tls.certFile' : files.certFile);
  });

  it('start with a warning if all certificates of a CA file have expired', async () => {
    const caFile = await write('ca.pem', OTHER + CERT);
    const clock = jest.spyOn(Date, 'now').mockReturnValue(OTHER_ENDS + DAY);
    await start({ caFile });
    expect(told).toEqual([]);
    clock.mockReturnValue(ENDS + 1000);
    await start({ caFile });
    expect(told).toEqual([expect.stringContaining('expired on')]);
  });

  it('give a metric with the end of the certificate', async () => {
    await start(await pair());
    const wanted = { 'nestlens.otlp.signal': 'traces' };
    const expiry = (await telemetry.collectMetrics()).find(
      ({ descriptor }) => descriptor.name === 'nestlens.otlp.certificate.expiry',
    );
    expect(expiry?.descriptor.unit).toBe('s');
    expect(expiry?.dataPoints).toContainEqual(
      expect.objectContaining({ attributes: wanted, value: ENDS / 1000 }),
    );
    await stop();
    const left = (await telemetry.collectMetrics()).map(({ descriptor }) => descriptor.name);
    expect(left).not.toContain('nestlens.otlp.certificate.expiry');
  });

  it('start with a warning if others can read the key', async () => {
    await start(await pair(CERT, KEY, 0o644));
    expect(told).toEqual([expect.stringMatching(/others/)]);
  });

  it('start with a warning if one certificate of a bundle is bad, and use the good ones', async () => {
    await start({ caFile: await write('ca.pem', OTHER + BAD + CERT) });
    expect(told).toEqual([expect.stringContaining('1 certificates cannot be read')]);
  });

  it('give one warning for each problem', async () => {
    const files = await pair(CERT, KEY, 0o644);
    jest.spyOn(Date, 'now').mockReturnValue(ENDS + 1000);
    await start({ ...files, caFile: await write('ca.pem', BAD + OTHER) });
    expect(told.filter((line) => line.includes('expired on'))).toHaveLength(2);
    expect(told.filter((line) => line.includes('cannot be read'))).toHaveLength(1);
    expect(told.filter((line) => line.match(/others than its owner/) !== null)).toHaveLength(1);
  });

  it('need an https:// endpoint, which wins over OTEL_EXPORTER_OTLP_INSECURE', async () => {
    const caFile = await write('ca.pem', CERT);
    await start({ caFile }, 'https://127.0.0.1:4317', { OTEL_EXPORTER_OTLP_INSECURE: 'true' });
    expect(running[0]?.destinations[0]?.url).toMatch(/^https:/);
    expect(told).toEqual([]);
    expect(await refusal({ caFile }, 'http://127.0.0.1:4317')).toContain(
      'otlp.tls: TLS options are given but the endpoint is http://127.0.0.1:4317; write https://',
    );
  });
});
