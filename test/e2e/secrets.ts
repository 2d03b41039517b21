import { Buffer } from 'node:buffer';
import type { OtelModuleOptions } from '@nestlens/otel';

/** Path of a TLS file. The passphrase of the encrypted key is `canary-passphrase`. */
export const fixture = (file: string): string =>
  new URL(`../../libs/otlp/src/pool/fixtures/${file}`, import.meta.url).pathname;

export const ENGINES = ['nestlens', 'sdk'] as const;
export type Engine = (typeof ENGINES)[number];

const USER = 'anna';
const password = (of: string): string => `canary-${of}`;
const pair = (of: string): string => `${USER}:${password(of)}`;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Every secret here contains this word, except encoded ones. */
const PLAIN = /canary/i;
const ENCODED: readonly string[] = [
  'url',
  'basic',
  'proxy',
  'env-url',
  'bearer',
  'asked',
  'api-key',
  'code-header',
  'env-header',
  'passphrase',
]
  .flatMap((of) => [pair(of), password(of)])
  // The end of base64 depends on the bytes that follow.
  .map((text) => base64(text).slice(0, -4));

/** Returns a secret in `text`, with the text around it, or undefined. */
export const secretIn = (text: string): string | undefined => {
  const at =
    PLAIN.exec(text)?.index ?? ENCODED.map((form) => text.indexOf(form)).find((i) => i >= 0);
  return at === undefined ? undefined : text.slice(Math.max(0, at - 150), at + 100);
};

/** A message of a collector that repeats secrets. */
export const ECHO = `bad credentials: Bearer ${password('bearer')} of ${pair('url')}, key ${password('api-key')}, ${base64(pair('basic'))}`;

/** Options with a secret in each that can hold one. */
export const secretOptions = (engine: Engine, endpoint: string): OtelModuleOptions => {
  const url = new URL(endpoint);
  url.username = USER;
  url.password = password('url');
  const asked = { $ask: password('asked') } as unknown as string;
  return {
    service: { name: 'secrets' },
    otlp: {
      engine,
      endpoint: url.href,
      timeoutMs: 500,
      headers: { 'x-code-key': password('code-header') },
      traces: { auth: { type: 'bearer', token: password('bearer') } },
      logs: { auth: { type: 'apiKey', key: engine === 'sdk' ? password('api-key') : asked } },
      metrics: { auth: { type: 'basic', username: USER, password: password('basic') } },
    },
    traces: { batch: { delayMs: 50 } },
    metrics: { intervalMs: 300, timeoutMs: 300, prometheus: true },
    logs: { level: 'debug' },
    health: { cacheMs: 0, details: 'always' },
  };
};

/** Variables of the export with a secret in each. Some cannot be parsed. */
export const secretVariables = (): NodeJS.ProcessEnv => ({
  OTEL_LOG_LEVEL: 'debug',
  OTEL_EXPORTER_OTLP_HEADERS: `x-env-key=${password('env-header')},x-enc=canary%2Fenv,canary`,
  OTEL_EXPORTER_OTLP_ENDPOINT: `http://${pair('env-url')}@[broken`,
  OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${pair('env-url')}@collector:4317`,
  HTTPS_PROXY: `http://${pair('proxy')}@proxy.invalid:3128`,
  DATABASE_URL: `postgres://${pair('database')}@db/shop`,
});

/** Options and variables that stop the start, with a secret in each of their faults. */
export const REFUSED: Readonly<Record<string, readonly [object, NodeJS.ProcessEnv, number]>> = {
  options: [
    {
      endpoint: `http://${pair('url')}@h:99999`,
      headers: { 'x-key': `${password('code-header')}\n` },
      authToken: password('bearer'),
      auth: { type: 'bearer', token: `${password('bearer')}\n` },
      tls: { keyFile: pair('file'), passphrase: 7, pass: password('passphrase') },
      traces: { endpoint: `${pair('url')}@h/path`, auth: password('bearer') },
      metrics: { auth: { type: 'basic', username: USER, password: [password('basic')] } },
      logs: { auth: { type: 'apiKey', key: password('api-key'), header: 'api key' } },
    },
    {},
    10,
  ],
  'a query': [{ endpoint: `http://h:4318/?token=${password('url')}` }, {}, 1],
  variables: [
    {
      endpoint: 'https://127.0.0.1:1',
      tls: {
        certFile: fixture('client.pem'),
        keyFile: fixture('client-encrypted.key'),
        passphrase: 'canary-wrong',
      },
    },
    {
      ...secretVariables(),
      OTEL_EXPORTER_OTLP_HEADERS: `x-key=${password('env-header')}%0a`,
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: `x key=${password('env-header')}`,
    },
    3,
  ],
};
